/**
 * A set of numbers that is mostly a full beginning and a few members beyond: what it remembers of itself is the words between the first
 * that is not full and the last that is not empty.
 */
export class OperationSet {
  readonly #words: Uint32Array
  /** All words before it are full. */
  #low = 0
  /** All words behind it are empty. */
  #high = -1

  constructor(size: number) {
    this.#words = new Uint32Array((size >>> 5) + 1)
  }

  add(member: number): void {
    const word = member >>> 5
    this.#words[word] = this.#at(word) | (1 << (member & 31))
    if (word > this.#high) this.#high = word
  }

  delete(member: number): void {
    const word = member >>> 5
    this.#words[word] = this.#at(word) & ~(1 << (member & 31))
    if (word < this.#low) this.#low = word
  }

  /** Where the words begin that are not full, and these words. Sets are equal if these are. */
  window(): Window {
    while (this.#low <= this.#high && this.#at(this.#low) === FULL) this.#low += 1
    while (this.#high >= this.#low && this.#at(this.#high) === 0) this.#high -= 1
    // Behind a full beginning there may be nothing more to go down to.
    if (this.#high < this.#low) this.#high = this.#low - 1
    return { low: this.#low, words: this.#words.slice(this.#low, this.#high + 1) }
  }

  #at(word: number): number {
    return this.#words[word] as number
  }
}

export interface Window {
  readonly low: number
  readonly words: Uint32Array
}

const FULL = 0xffff_ffff

export function sameWindow(a: Window, b: Window): boolean {
  if (a.low !== b.low || a.words.length !== b.words.length) return false
  for (let i = 0; i < a.words.length; i++) if (a.words[i] !== b.words[i]) return false
  return true
}
