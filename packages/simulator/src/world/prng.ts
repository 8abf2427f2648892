/** A source of chance: the same seed gives the same numbers on every machine (mulberry32). */
export class Prng {
  #state: number

  constructor(seed: number) {
    this.#state = Math.imul(seed ^ (seed / 0x1_0000_0000), 0x9e37_79b1) ^ 0x85eb_ca6b
  }

  /** From 0 up to but not including 1. Bound, so that it can be handed on. */
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

  /** Mostly near `mean`, now and then much more; rounded, since the last bits of a logarithm differ between machines. */
  exponential(mean: number): number {
    return Math.round(-Math.log(1 - this.next()) * mean * 1e6) / 1e6
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.below(256))
  }

  /** An independent stream: what is drawn from it shifts nothing elsewhere. */
  fork(name: string): Prng {
    let hash = this.#state
    for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x0100_0193)
    return new Prng(hash >>> 0)
  }
}
