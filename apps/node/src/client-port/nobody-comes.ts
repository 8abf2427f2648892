import { now, setImmediate } from '@raft/system'

/** No connection has come for so long: none is on its way; ms. */
const QUIET = 10
/** After so long, one turn of the event loop without a connection is enough; ms. */
const IMPATIENT = 100
/** Maximum time to wait; ms. */
const LONGEST = 250

/**
 * Fulfilled when no connection comes any more, after 250 ms at most. Connections that the system has taken for a port, and this
 * process has not, are reset when the port is closed.
 *
 * @param came how many connections have come so far
 */
export async function nobodyComes(came: () => number): Promise<void> {
  const begun = now()
  for (let quietSince = begun; ; ) {
    const before = came()
    // Between the two, the event loop looks for connections.
    await nextTurn()
    await nextTurn()
    const time = now()
    const hasCome = came() !== before
    if (hasCome) quietSince = time
    if (time - quietSince >= QUIET || time - begun >= (hasCome ? LONGEST : IMPATIENT)) return
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
