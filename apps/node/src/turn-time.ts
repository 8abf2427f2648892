import type { Clock } from '@raft/core'

/** A clock that is read once a turn, for those who would ask it thousands of times within the same millisecond. */
export class TurnTime {
  readonly #clock: Clock
  #now: number | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** In ms, as of the first time that this turn asked. */
  now(): number {
    if (this.#now === null) {
      this.#now = this.#clock.now()
      this.#clock.defer(() => {
        this.#now = null
      })
    }
    return this.#now
  }
}
