import { Backoff } from './backoff.js'
import type { Clock } from './ports.js'

export interface RestOptions {
  readonly clock: Clock
  readonly random: () => number
  readonly minBackoff: number
  readonly maxBackoff: number
}

/** A while in which nothing is sent to somebody who has turned something away for now: the longer, the more often that happens. */
export class Rest {
  readonly #options: RestOptions
  readonly #backoff: Backoff
  readonly #onEnd: () => void
  #cancel: (() => void) | null = null

  constructor(options: RestOptions, onEnd: () => void) {
    this.#options = options
    this.#backoff = new Backoff(options.minBackoff, options.maxBackoff, options.random)
    this.#onEnd = onEnd
  }

  get isResting(): boolean {
    return this.#cancel !== null
  }

  begin(): void {
    if (this.#cancel !== null) return
    const { clock } = this.#options
    this.#cancel = clock.schedule(clock.now() + this.#backoff.next(), () => {
      this.#cancel = null
      this.#onEnd()
    })
  }

  /** Something was answered: the next rest is short again. */
  reset(): void {
    this.#backoff.reset()
  }

  cancel(): void {
    this.#cancel?.()
    this.#cancel = null
  }
}
