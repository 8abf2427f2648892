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

/** Messages that are remembered. */
const MOST_REMEMBERED = 32

/** Passes each message on the first time, and the same one again at most once a minute. */
export function withoutRepeats(clock: Pick<Clock, 'now'>, say: (message: string) => void): (message: string) => void {
  const saidAt = new Map<string, number>()
  return (message) => {
    const now = clock.now()
    if (now - (saidAt.get(message) ?? Number.NEGATIVE_INFINITY) < INTERVAL) return
    if (saidAt.size >= MOST_REMEMBERED) saidAt.clear()
    saidAt.set(message, now)
    say(message)
  }
}
