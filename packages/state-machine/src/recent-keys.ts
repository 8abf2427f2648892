import { NOWHERE } from './records.js'
import { uncountedMemory } from './uncounted-memory.js'

/** Places of a set: their hashes, and behind them the addresses, lie in one line of the processor's cache. */
const WAYS = 8
const SET_BITS = 4
const SET_WORDS = 2 ** SET_BITS
/** A piece has 512 sets. */
const PIECE_BITS = SET_BITS + 9
const PIECE_WORDS = 2 ** PIECE_BITS
const PIECE_PLACES = PIECE_WORDS / 2
/** Pieces that lie in one array: few arrays are in the processor's cache when they are needed. The first holds but one at first. */
const ARRAY_BITS = 6
const ARRAY_PIECES = 2 ** ARRAY_BITS
/** 256 MiB. */
const MOST_PIECES = 2 ** 13
/** There are at least so many places for each key, so that hardly any set is full. */
const PLACES_PER_KEY = 3
/** Which set of a piece a key is in is told by the high bits of its hash, which piece by the low ones. */
const SET_SHIFT = 32 - (PIECE_BITS - SET_BITS)

/**
 * Where the records of the keys that were used last lie, found by the hashes of the keys: a lookup in the tree is a dozen comparisons
 * of strings that lie all over the memory, and needs the key as a string. Whoever finds something looks whether it is the key's:
 * what two keys of one hash share is the place of the later one. A set-associative cache: each key may stand in eight places, and
 * takes the one of another where all are taken; a forgotten key costs time, and nothing else.
 *
 * It grows by linear hashing (Litwin, 1980), a piece at a time: growing at once would hold a member of millions of keys up for
 * longer than an election timeout.
 */
export class RecentKeys {
  /** Sets. Where no key is, the hash is 0, which no key has. */
  readonly #arrays: Int32Array[] = []
  #pieces = 0
  /** One less than the power of two that the number of pieces has not gone beyond yet. */
  #mask = 0
  readonly #mostPieces: number
  #victim = 0

  constructor(mostPieces = MOST_PIECES) {
    this.#mostPieces = mostPieces
    this.#addPiece()
  }

  /** The address that was remembered last under a key of this hash, or `NOWHERE`. */
  find(hash: number): number {
    const piece = this.#pieceOf(hash)
    const array = this.#arrayOf(piece)
    const place = placeOf(array, firstPlace(piece, hash), hash)
    return place === -1 ? NOWHERE : (array[place + WAYS] as number)
  }

  /** As `find`, for the first so many hashes: each is replaced by what is found. What it gives means nothing, as with `readAhead`. */
  findAll(hashes: Int32Array, count: number): number {
    // The processor fetches for many keys at once what the next loop, which it cannot foresee, would wait for key by key.
    let ahead = 0
    for (let i = 0; i < count; i++) {
      const hash = hashes[i] as number
      const piece = this.#pieceOf(hash)
      ahead ^= this.#arrayOf(piece)[firstPlace(piece, hash)] as number
    }
    for (let i = 0; i < count; i++) hashes[i] = this.find(hashes[i] as number)
    return ahead
  }

  /** @param size how many keys there are */
  remember(hash: number, address: number, size: number): void {
    if (PLACES_PER_KEY * size > this.#pieces * PIECE_PLACES && this.#pieces < this.#mostPieces) this.#grow()
    const piece = this.#pieceOf(hash)
    const array = this.#arrayOf(piece)
    const place = this.#placeFor(array, firstPlace(piece, hash), hash)
    array[place] = hash
    array[place + WAYS] = address
  }

  /** The addresses of all records that are remembered. @internal */
  addresses(): number[] {
    const addresses: number[] = []
    for (let piece = 0; piece < this.#pieces; piece++) {
      const [array, start] = [this.#arrayOf(piece), firstPlace(piece, 0)]
      for (let set = start; set < start + PIECE_WORDS; set += SET_WORDS)
        for (let place = set; place < set + WAYS; place++) if (array[place] !== 0) addresses.push(array[place + WAYS] as number)
    }
    return addresses
  }

  forget(hash: number): void {
    this.#replace(hash, this.find(hash), 0, NOWHERE)
  }

  /** A record has moved. */
  move(hash: number, from: number, to: number): void {
    this.#replace(hash, from, hash, to)
  }

  #replace(hash: number, address: number, newHash: number, newAddress: number): void {
    const piece = this.#pieceOf(hash)
    const array = this.#arrayOf(piece)
    const place = placeOf(array, firstPlace(piece, hash), hash)
    if (place === -1 || array[place + WAYS] !== address) return
    array[place] = newHash
    array[place + WAYS] = newAddress
  }

  /** Halves the next piece: what belongs into the other half stands there as it stood here. */
  #grow(): void {
    const added = this.#pieces
    if (added > this.#mask) this.#mask = 2 * added - 1
    const halved = added - (this.#mask + 1) / 2
    this.#addPiece()
    const [from, to] = [this.#arrayOf(halved), this.#arrayOf(added)]
    const [start, target] = [firstPlace(halved, 0), firstPlace(added, 0)]
    for (let set = 0; set < PIECE_WORDS; set += SET_WORDS) {
      for (let place = set; place < set + WAYS; place++) {
        const hash = from[start + place] as number
        if ((hash & this.#mask) !== added) continue
        to[target + place] = hash
        to[target + place + WAYS] = from[start + place + WAYS] as number
        from[start + place] = 0
      }
    }
  }

  #addPiece(): void {
    if (this.#pieces === 0) this.#arrays.push(new Int32Array(PIECE_WORDS))
    else if (this.#pieces === 1 || this.#pieces % ARRAY_PIECES === 0) {
      const array = new Int32Array(uncountedMemory(ARRAY_PIECES * PIECE_WORDS * Int32Array.BYTES_PER_ELEMENT))
      if (this.#pieces === 1) array.set(this.#arrays.pop() as Int32Array)
      this.#arrays.push(array)
    }
    this.#pieces += 1
  }

  /** The place of the hash, or else a free one, or else that of another. */
  #placeFor(array: Int32Array, first: number, hash: number): number {
    const own = placeOf(array, first, hash)
    if (own !== -1) return own
    for (let place = first; place < first + WAYS; place++) if (array[place] === 0) return place
    this.#victim = (this.#victim + 1) % WAYS
    return first + this.#victim
  }

  #pieceOf(hash: number): number {
    const piece = hash & this.#mask
    // Reckoned in any case: V8 would throw compiled code away when it first comes to what it has never seen happen.
    const halved = hash & (this.#mask >>> 1)
    return piece < this.#pieces ? piece : halved
  }

  #arrayOf(piece: number): Int32Array {
    return this.#arrays[piece >>> ARRAY_BITS] as Int32Array
  }
}

/** Where the hash's set begins, in the array of the piece. */
function firstPlace(piece: number, hash: number): number {
  return ((piece & (ARRAY_PIECES - 1)) << PIECE_BITS) | ((hash >>> SET_SHIFT) << SET_BITS)
}

/** Of the eight from `first` on; -1 when none is of this hash. */
function placeOf(array: Int32Array, first: number, hash: number): number {
  for (let place = first; place < first + WAYS; place++) if (array[place] === hash) return place
  return -1
}
