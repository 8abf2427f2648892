import { performance } from 'node:perf_hooks'
import type { Clock } from '@raft/core'

/** The clock of this process. */
export const nodeClock: Clock = {
  now: () => performance.now(),
  schedule(time, callback) {
    // Timers round down, and one that fires early finds nothing to do.
    const timer = setTimeout(callback, Math.max(1, Math.ceil(time - performance.now())))
    return () => clearTimeout(timer)
  },
  defer: (callback) => {
    setImmediate(callback)
  },
}
