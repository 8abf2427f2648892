import { performance } from 'node:perf_hooks'
import type { Clock } from '@raft/core'

const LONGEST_DELAY = 2 ** 31 - 1

/** The clock of this process. */
export const nodeClock: Clock = {
  now: () => performance.now(),
  schedule(time, callback) {
    let timer: NodeJS.Timeout
    // Timers round down, and take no longer delay.
    const wait = () => {
      const delay = Math.ceil(time - performance.now())
      timer = delay > LONGEST_DELAY ? setTimeout(wait, LONGEST_DELAY) : setTimeout(callback, Math.max(1, delay))
    }
    wait()
    return () => clearTimeout(timer)
  },
  defer: (callback) => {
    setImmediate(callback)
  },
}
