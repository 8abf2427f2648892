import type { Clock } from '@raft/core'

/** A connection on which nothing has come for so long is ended; ms. */
const QUIET = 50
/** Whatever comes, it is ended after this long, once all is answered; ms. */
const LONGEST = 250

export interface RefusalOptions {
  readonly clock: Clock
  /** Whether everything that was taken is answered. */
  readonly isAnswered: () => boolean
  /** Ends the connection. */
  readonly end: () => void
}

/** The last moments of a connection whose member stops: everything that still comes is refused, until nothing more comes. */
export class Refusal {
  readonly #options: RefusalOptions
  readonly #since: number
  #lastRefusedAt = Number.NEGATIVE_INFINITY
  #over = false

  constructor(options: RefusalOptions) {
    this.#options = options
    this.#since = options.clock.now()
    this.#check()
  }

  /** A request came, and was refused. */
  refused(): void {
    this.#lastRefusedAt = this.#options.clock.now()
  }

  /** The connection has ended by itself. */
  cancel(): void {
    this.#over = true
  }

  #check(): void {
    const { clock, isAnswered, end } = this.#options
    clock.schedule(clock.now() + QUIET, () => {
      if (this.#over) return
      const now = clock.now()
      const isQuiet = now - this.#lastRefusedAt >= QUIET || now - this.#since >= LONGEST
      if (isQuiet && isAnswered()) end()
      else this.#check()
    })
  }
}
