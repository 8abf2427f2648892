import type { Clock, Random } from '@raft/core'

/** The longest delay that a Node timer takes; later times are reached in several steps. */
const LONGEST_DELAY = 2 ** 31 - 1

/**
 * Core's port for time, with Node's monotonic clock and timers. `defer` is `setImmediate`: what the sockets and files have
 * brought in this turn of the event loop comes first, and so shares one batch.
 */
export const nodeClock: Clock = {
  now: () => performance.now(),
  schedule(time, callback) {
    let timer: NodeJS.Timeout
    const arm = () => {
      const delay = time - performance.now()
      timer = delay > LONGEST_DELAY ? setTimeout(arm, LONGEST_DELAY) : setTimeout(fire, Math.max(0, delay))
    }
    // A timer may fire up to a millisecond before its time.
    const fire = () => (performance.now() < time ? arm() : callback())
    arm()
    return () => clearTimeout(timer)
  },
  defer(callback) {
    setImmediate(callback)
  },
}

/** Core's port for randomness. Election timeouts need no secrecy. */
export const nodeRandom: Random = Math.random
