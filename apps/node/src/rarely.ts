import type { Clock } from '@raft/core'

/** At most one line in so many ms for something that may happen thousands of times. */
const INTERVAL = 60_000

/** Calls `say` the first time, and then at most once a minute, with how often it was to be called since the last time. */
export function rarely(clock: Pick<Clock, 'now'>, say: (times: number) => void): () => void {
  let saidAt = Number.NEGATIVE_INFINITY
  let times = 0
  return () => {
    times += 1
    const now = clock.now()
    if (now - saidAt < INTERVAL) return
    saidAt = now
    say(times)
    times = 0
  }
}
