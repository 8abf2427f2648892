const FIRST_CAPACITY = 1 << 16

/** A set of hashes of 64 bits in two halves; 8 bytes each and some air. (0, 0) cannot be told from nothing, and is (0, 1). */
export class StateSet {
  #capacity = FIRST_CAPACITY
  #halves = new Uint32Array(2 * FIRST_CAPACITY)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** @returns false if it was there */
  add(a: number, b: number): boolean {
    if (3 * this.#size > 2 * this.#capacity) this.#grow()
    if (!this.#put(a, a === 0 && b === 0 ? 1 : b)) return false
    this.#size += 1
    return true
  }

  #put(a: number, b: number): boolean {
    const mask = this.#capacity - 1
    for (let slot = a & mask; ; slot = (slot + 1) & mask) {
      const at = 2 * slot
      const [there, more] = [this.#halves[at], this.#halves[at + 1]]
      if (there === 0 && more === 0) {
        this.#halves[at] = a
        this.#halves[at + 1] = b
        return true
      }
      if (there === a && more === b) return false
    }
  }

  #grow(): void {
    const old = this.#halves
    this.#capacity *= 2
    this.#halves = new Uint32Array(2 * this.#capacity)
    for (let at = 0; at < old.length; at += 2) {
      const [a = 0, b = 0] = [old[at], old[at + 1]]
      if (a !== 0 || b !== 0) this.#put(a, b)
    }
  }
}
