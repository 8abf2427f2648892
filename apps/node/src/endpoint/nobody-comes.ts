import { setImmediate } from '@raft/system'

/** Maximum number of turns of the event loop to wait for one in which no connection comes. */
const MOST_TURNS = 100

/**
 * Fulfilled after a turn of the event loop in which no connection came. Connections that the system has taken for a port, and this
 * process has not, are reset when the port is closed.
 *
 * @param came how many connections have come so far
 */
export async function nobodyComes(came: () => number): Promise<void> {
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const before = came()
    // Between the two, the event loop looks for connections.
    await nextTurn()
    await nextTurn()
    if (came() === before) return
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
