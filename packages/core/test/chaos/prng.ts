/** The one source of chance in a run: the same seed gives the same numbers (mulberry32). */
export class Prng {
  #state: number

  constructor(seed: number) {
    this.#state = Math.imul(seed ^ (seed / 0x1_0000_0000), 0x9e37_79b1) ^ 0x85eb_ca6b
  }

  /** From 0 up to but not including 1. */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b_79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000
  }

  /** A whole number from 0 up to but not including `n`. */
  below(n: number): number {
    return Math.floor(this.next() * n)
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  /** Mostly near `mean`, now and then much more. */
  exponential(mean: number): number {
    return -Math.log(1 - this.next()) * mean
  }
}
