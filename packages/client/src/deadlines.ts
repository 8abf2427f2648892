import type { Clock } from './ports.js'

/** Deadlines that fall close together are looked at together. */
const GRAIN = 5

/**
 * One timer for the deadlines of all calls: it is set for the earliest, and looks through the calls when it fires. As most calls
 * are answered long before their deadline, that is once per timeout, not once per call.
 */
export class Deadlines {
  readonly #clock: Clock
  /** Ends the calls whose deadline is not after `now`; gives the earliest deadline of the others, or Infinity. */
  readonly #sweep: (now: number) => number
  #at = Number.POSITIVE_INFINITY
  #cancel: (() => void) | null = null

  constructor(clock: Clock, sweep: (now: number) => number) {
    this.#clock = clock
    this.#sweep = sweep
  }

  add(deadline: number): void {
    if (deadline < this.#at) this.#set(deadline)
  }

  close(): void {
    this.#cancel?.()
    this.#cancel = null
  }

  #set(deadline: number): void {
    this.#cancel?.()
    this.#at = deadline
    this.#cancel = this.#clock.schedule(deadline, () => {
      this.#cancel = null
      this.#at = Number.POSITIVE_INFINITY
      const now = this.#clock.now()
      const next = this.#sweep(now)
      if (next < this.#at) this.#set(Math.max(next, now + GRAIN))
    })
  }
}
