/** Doubling delays with jitter: half of each is drawn anew, so that many clients do not come back at one time. */
export class Backoff {
  readonly #first: number
  readonly #last: number
  readonly #random: () => number
  /** Failures since the last `reset`. */
  attempts = 0

  constructor(first: number, last: number, random: () => number) {
    this.#first = first
    this.#last = last
    this.#random = random
  }

  /** Milliseconds to wait before the next attempt. */
  next(): number {
    const delay = Math.min(this.#last, this.#first * 2 ** Math.min(this.attempts, 30))
    this.attempts += 1
    return delay * (0.5 + 0.5 * this.#random())
  }

  reset(): void {
    this.attempts = 0
  }
}
