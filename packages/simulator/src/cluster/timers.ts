import type { Clock } from '@raft/core'

/** How many timers are set by a clock and have neither come nor been taken back. */
export class Timers {
  readonly #pending = new Set<object>()

  get pending(): number {
    return this.#pending.size
  }

  /** The same clock, whose timers are counted. */
  count(clock: Clock): Clock {
    return {
      now: clock.now,
      defer: clock.defer,
      schedule: (time, callback) => {
        const timer = {}
        this.#pending.add(timer)
        const cancel = clock.schedule(time, () => {
          this.#pending.delete(timer)
          callback()
        })
        return () => {
          this.#pending.delete(timer)
          cancel()
        }
      },
    }
  }
}
