import { type BinaryKey, isKeyAt } from './key.js'
import { LONGEST_RUN, type PutRun } from './put-run.js'

/** Longer keys are looked for in the tree. */
const MAX_KEY_LENGTH = 64
/** Places of a set. There are at least twice as many places as keys, so that hardly any set is full. */
const WAYS = 8
const FIRST_PLACES = 2 ** 11
const MOST_PLACES = 2 ** 23
const GROWTH = 2
/** What stands in more places than these is not taken along when they grow: that would take long, and it comes back as it is used. */
const MOST_MOVED = 2 ** 18

/** What is remembered under its key. */
interface Keyed {
  readonly key: BinaryKey
}

/**
 * Keys that were used last, found by their bytes: a lookup in the tree is a dozen comparisons of strings that lie all over the
 * memory, and needs the key as a string. A set-associative cache: each key may stand in eight places, and takes the one of
 * another where all are taken; a forgotten key costs time, and nothing else.
 */
export class RecentKeys<Stored extends Keyed> {
  /** Beside each place the hash of the key there, so that others need not be looked at. 0 where there is none. */
  #hashes = new Int32Array(FIRST_PLACES)
  #places: (Stored | undefined)[] = new Array<Stored | undefined>(FIRST_PLACES)
  #victim = 0
  /** The hashes, and then the places, of the keys that are looked for. */
  readonly #wanted = new Int32Array(LONGEST_RUN)

  /** The key's bytes lie from `start` up to `end`. */
  find(bytes: Uint8Array, start: number, end: number): Stored | undefined {
    const place = this.#placeOf(hashOfBytes(bytes, start, end))
    const candidate = place === -1 ? undefined : this.#places[place]
    return candidate !== undefined && isKeyAt(candidate.key, bytes, start, end) ? candidate : undefined
  }

  /** What is remembered under a key of the same hash as that of each put: nearly always under this one. */
  candidates(puts: PutRun, found: (Stored | undefined)[]): void {
    const { bytes, count, keyStart, keyEnd } = puts
    const hashes = this.#hashes
    const wanted = this.#wanted
    for (let i = 0; i < count; i++) wanted[i] = hashOfBytes(bytes, keyStart[i] as number, keyEnd[i] as number)
    // The processor fetches for many keys at once what the next loop, which it cannot foresee, would wait for key by key.
    let ahead = 0
    for (let i = 0; i < count; i++) ahead ^= hashes[this.#firstPlace(wanted[i] as number)] as number
    puts.readAhead = ahead
    for (let i = 0; i < count; i++) wanted[i] = this.#placeOf(wanted[i] as number)
    for (let i = 0; i < count; i++) found[i] = wanted[i] === -1 ? undefined : this.#places[wanted[i] as number]
  }

  /** @param size how many keys there are */
  remember(stored: Stored, size: number): void {
    const { key } = stored
    if (key.length > MAX_KEY_LENGTH) return
    if (2 * size > this.#hashes.length && this.#hashes.length < MOST_PLACES) this.#grow()
    this.#put(hashOf(key), stored)
  }

  forget(key: BinaryKey): void {
    if (key.length > MAX_KEY_LENGTH) return
    const place = this.#placeOf(hashOf(key))
    if (place === -1) return
    this.#hashes[place] = 0
    this.#places[place] = undefined
  }

  #grow(): void {
    const hashes = this.#hashes
    const places = this.#places
    this.#hashes = new Int32Array(hashes.length * GROWTH)
    this.#places = new Array(hashes.length * GROWTH)
    if (hashes.length > MOST_MOVED) return
    for (let place = 0; place < hashes.length; place++) {
      const stored = places[place]
      if (stored !== undefined) this.#put(hashes[place] as number, stored)
    }
  }

  #put(hash: number, stored: Stored): void {
    const place = this.#placeFor(hash)
    this.#hashes[place] = hash
    this.#places[place] = stored
  }

  /** The place of the key, or of one that has the same hash; or else a free one, or else that of another. */
  #placeFor(hash: number): number {
    const own = this.#placeOf(hash)
    if (own !== -1) return own
    const first = this.#firstPlace(hash)
    for (let place = first; place < first + WAYS; place++) if (this.#hashes[place] === 0) return place
    this.#victim = (this.#victim + 1) % WAYS
    return first + this.#victim
  }

  /** -1 when no key of this hash is remembered. */
  #placeOf(hash: number): number {
    const first = this.#firstPlace(hash)
    for (let place = first; place < first + WAYS; place++) if (this.#hashes[place] === hash) return place
    return -1
  }

  #firstPlace(hash: number): number {
    return hash & (this.#hashes.length - WAYS)
  }
}

/** FNV-1a. */
const FNV_START = 0x811c9dc5
const FNV_PRIME = 0x01000193

function hashOf(key: BinaryKey): number {
  let hash = FNV_START
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), FNV_PRIME)
  return mixed(hash)
}

/** 0, under which nothing is remembered, when the key is too long. */
function hashOfBytes(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > MAX_KEY_LENGTH) return 0
  let hash = FNV_START
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), FNV_PRIME)
  return mixed(hash)
}

/** The high bits of FNV are mixed by more of the bytes than the low ones. Never 0. */
function mixed(hash: number): number {
  return (hash ^ (hash >>> 15)) | 0 || 1
}
