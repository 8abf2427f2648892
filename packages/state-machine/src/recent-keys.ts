import { type BinaryKey, isKeyAt } from './key.js'
import { LONGEST_RUN, type PutRun } from './put-run.js'
import { uncountedMemory } from './uncounted-memory.js'

/** Longer keys are looked for in the tree. */
const MAX_KEY_LENGTH = 64
/** Places of a set. */
const WAYS = 8
const PIECE_BITS = 12
const PIECE_PLACES = 2 ** PIECE_BITS
const PLACE_MASK = PIECE_PLACES - 1
/** 400 MB. */
const MOST_PIECES = 2 ** 13
/** There are at least so many places for each key, so that hardly any set is full. */
const PLACES_PER_KEY = 3
/** Which set of a piece a key is in is told by the high bits of its hash, which piece by the low ones. */
const SET_SHIFT = 32 - PIECE_BITS
const SETS_MASK = PIECE_PLACES - WAYS

/** What is remembered under its key. */
interface Keyed {
  readonly key: BinaryKey
}

/**
 * Keys that were used last, found by their bytes: a lookup in the tree is a dozen comparisons of strings that lie all over the
 * memory, and needs the key as a string. A set-associative cache: each key may stand in eight places, and takes the one of
 * another where all are taken; a forgotten key costs time, and nothing else.
 *
 * It grows by linear hashing (Litwin, 1980), a piece at a time: growing at once would hold a member of millions of keys up for
 * longer than an election timeout.
 */
export class RecentKeys<Stored extends Keyed> {
  /** By piece, beside each place the hash of the key there, so that others need not be looked at. 0 where there is none. */
  readonly #hashes: Int32Array[] = []
  /** By piece, what stands at each place. No object for both, which would be one more to fetch. */
  readonly #stored: (Stored | undefined)[][] = []
  /** One less than the power of two that the number of pieces has not gone beyond yet. */
  #mask = 0
  readonly #mostPieces: number
  #victim = 0
  /** The hashes, and then the places, of the keys that are looked for. */
  readonly #wanted = new Int32Array(LONGEST_RUN)

  constructor(mostPieces = MOST_PIECES) {
    this.#mostPieces = mostPieces
    this.#addPiece()
  }

  /** The key's bytes lie from `start` up to `end`. */
  find(bytes: Uint8Array, start: number, end: number): Stored | undefined {
    const place = this.#placeOf(hashOfBytes(bytes, start, end))
    const candidate = place === -1 ? undefined : this.#at(place)
    return candidate !== undefined && isKeyAt(candidate.key, bytes, start, end) ? candidate : undefined
  }

  /** What is remembered under a key of the same hash as that of each put: nearly always under this one. */
  candidates(puts: PutRun): (Stored | undefined)[] {
    const { bytes, count, keyStart, keyEnd } = puts
    const wanted = this.#wanted
    for (let i = 0; i < count; i++) wanted[i] = hashOfBytes(bytes, keyStart[i] as number, keyEnd[i] as number)
    // The processor fetches for many keys at once what the next loop, which it cannot foresee, would wait for key by key.
    let ahead = 0
    for (let i = 0; i < count; i++) ahead ^= this.#hashAt(this.#firstPlace(wanted[i] as number))
    puts.readAhead = ahead
    for (let i = 0; i < count; i++) wanted[i] = this.#placeOf(wanted[i] as number)
    // A new array each time: for what is written to one that V8 has had for long, it looks at the page of what is written.
    const found = new Array<Stored | undefined>(count)
    for (let i = 0; i < count; i++) found[i] = wanted[i] === -1 ? undefined : this.#at(wanted[i] as number)
    return found
  }

  /** @param size how many keys there are */
  remember(stored: Stored, size: number): void {
    const { key } = stored
    if (key.length > MAX_KEY_LENGTH) return
    const { length } = this.#hashes
    if (PLACES_PER_KEY * size > length * PIECE_PLACES && length < this.#mostPieces) this.#grow()
    const hash = hashOf(key)
    this.#set(this.#placeFor(hash), hash, stored)
  }

  forget(key: BinaryKey): void {
    if (key.length > MAX_KEY_LENGTH) return
    const place = this.#placeOf(hashOf(key))
    if (place === -1) return
    this.#set(place, 0, undefined)
  }

  /** Halves the next piece: what belongs into the other half stands there as it stood here. */
  #grow(): void {
    const { length } = this.#hashes
    if (length > this.#mask) this.#mask = 2 * length - 1
    const halved = length - (this.#mask + 1) / 2
    const hashes = this.#hashes[halved] as Int32Array
    const stored = this.#stored[halved] as (Stored | undefined)[]
    this.#addPiece()
    for (let place = 0; place < PIECE_PLACES; place++) {
      const hash = hashes[place] as number
      if (hash === 0 || (hash & this.#mask) !== length) continue
      this.#set((length << PIECE_BITS) + place, hash, stored[place])
      hashes[place] = 0
      stored[place] = undefined
    }
  }

  #addPiece(): void {
    this.#hashes.push(new Int32Array(uncountedMemory(PIECE_PLACES * Int32Array.BYTES_PER_ELEMENT)))
    this.#stored.push(new Array(PIECE_PLACES))
  }

  /** The place of the key, or of one that has the same hash; or else a free one, or else that of another. */
  #placeFor(hash: number): number {
    const own = this.#placeOf(hash)
    if (own !== -1) return own
    const first = this.#firstPlace(hash)
    for (let place = first; place < first + WAYS; place++) if (this.#hashAt(place) === 0) return place
    this.#victim = (this.#victim + 1) % WAYS
    return first + this.#victim
  }

  /** -1 when no key of this hash is remembered. */
  #placeOf(hash: number): number {
    const first = this.#firstPlace(hash)
    const hashes = this.#hashes[first >>> PIECE_BITS] as Int32Array
    for (let place = first; place < first + WAYS; place++) if (hashes[place & PLACE_MASK] === hash) return place
    return -1
  }

  #firstPlace(hash: number): number {
    const piece = hash & this.#mask
    // Reckoned in any case: V8 would throw compiled code away when it first comes to what it has never seen happen.
    const halved = hash & (this.#mask >>> 1)
    return ((piece < this.#hashes.length ? piece : halved) << PIECE_BITS) + ((hash >>> SET_SHIFT) & SETS_MASK)
  }

  #hashAt(place: number): number {
    return (this.#hashes[place >>> PIECE_BITS] as Int32Array)[place & PLACE_MASK] as number
  }

  #at(place: number): Stored | undefined {
    return (this.#stored[place >>> PIECE_BITS] as (Stored | undefined)[])[place & PLACE_MASK]
  }

  #set(place: number, hash: number, stored: Stored | undefined): void {
    const hashes = this.#hashes[place >>> PIECE_BITS] as Int32Array
    const pieceStored = this.#stored[place >>> PIECE_BITS] as (Stored | undefined)[]
    hashes[place & PLACE_MASK] = hash
    pieceStored[place & PLACE_MASK] = stored
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
