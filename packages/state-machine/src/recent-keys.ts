import type { BinaryKey } from './key.js'

/** Longer keys are looked for in the tree. */
const MAX_KEY_LENGTH = 64
const FIRST_SLOTS = 2 ** 10
const MOST_SLOTS = 2 ** 20
const GROWTH = 4

/** What is remembered under its key. */
interface Keyed {
  readonly key: BinaryKey
}

/**
 * Keys that were used last, found by their bytes: a lookup in the tree is a dozen comparisons of strings that lie all over the
 * memory, and needs the key as a string. Each key has one place, which it takes from the one that had it; a forgotten key costs
 * time, and nothing else.
 */
export class RecentKeys<Stored extends Keyed> {
  #slots: (Stored | undefined)[] = new Array<Stored | undefined>(FIRST_SLOTS)

  /** The key's bytes lie from `start` up to `end`. */
  find(bytes: Uint8Array, start: number, end: number): Stored | undefined {
    const length = end - start
    if (length > MAX_KEY_LENGTH) return undefined
    let hash = FNV_START
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), FNV_PRIME)
    const found = this.#slots[this.#placeOf(hash)]
    if (found === undefined || found.key.length !== length) return undefined
    for (let i = 0; i < length; i++) if (found.key.charCodeAt(i) !== bytes[start + i]) return undefined
    return found
  }

  /** @param size how many keys there are */
  remember(stored: Stored, size: number): void {
    const { key } = stored
    if (key.length > MAX_KEY_LENGTH) return
    if (size > this.#slots.length && this.#slots.length < MOST_SLOTS) this.#slots = new Array(this.#slots.length * GROWTH)
    this.#slots[this.#placeOf(hashOf(key))] = stored
  }

  forget(key: BinaryKey): void {
    if (key.length <= MAX_KEY_LENGTH) this.#slots[this.#placeOf(hashOf(key))] = undefined
  }

  /** The high bits are mixed by more of the bytes than the low ones. */
  #placeOf(hash: number): number {
    return (hash ^ (hash >>> 15)) & (this.#slots.length - 1)
  }
}

/** FNV-1a. */
const FNV_START = 0x811c9dc5
const FNV_PRIME = 0x01000193

function hashOf(key: BinaryKey): number {
  let hash = FNV_START
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), FNV_PRIME)
  return hash
}
