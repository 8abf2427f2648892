import type { HeldSum } from './held-sum.js'
import type { BinaryKey } from './key.js'
import { uncountedMemory } from './uncounted-memory.js'

const SLAB_BYTES = 2 ** 20
/** A slab of which less is alive is emptied. */
const SPARSE_BYTES = SLAB_BYTES / 2
/** An address counts units, so that 32 bits are enough for 64 GiB. */
const UNIT_BITS = 4
const UNIT_BYTES = 2 ** UNIT_BITS
const SLAB_BITS = 20 - UNIT_BITS
const MOST_SLABS = 2 ** (32 - SLAB_BITS)
/** Slabs that lie in one piece of memory: few pieces are in the processor's cache when they are needed. */
const PIECE_SLABS = 16
const PIECE_BYTES = PIECE_SLABS * SLAB_BYTES
/** The first piece takes so many bytes at first. */
const FEWEST_BYTES = 16 * 1024
const PIECE_BITS = SLAB_BITS + 4
const PIECE_MASK = 2 ** PIECE_BITS - 1
/** Larger values have memory of their own. */
const MAX_INLINE_BYTES = 4 * 1024
/** A value takes the room of the one before unless it would leave more than half of it unused, and more than this. */
const MAX_UNUSED_BYTES = 64
/** More bytes are copied by `Uint8Array.set`, fewer word by word. */
const MAX_BYTES_BY_WORD = 512

/*
 * A record, which takes whole units, little-endian: size u32 | id u32 | value length u32 | key length u32 |
 * createRevision f64 | modRevision f64 | version f64 | key | value | unused. A size tells where the next record begins.
 */
const ID = 4
const VALUE_LENGTH = 8
const KEY_LENGTH = 12
const CREATE_REVISION = 16
const MOD_REVISION = 24
const VERSION = 32
const HEADER_BYTES = 40

/** The id of what is no record any more. */
const DEAD = 2 ** 32 - 1
const NO_ID = -1
const IDS_BITS = 12
const IDS_MASK = 2 ** IDS_BITS - 1

/** Where nothing is. */
export const NOWHERE = 0

/**
 * Keys, values and revisions, each key's behind one another as bytes: what is known of a key is fetched from one place in memory,
 * and V8's garbage collector, which looks at every object, finds none.
 *
 * Records lie in slabs of 1 MiB, and are never moved but by `put`, when a value needs other room, and by `tidy`: a slab of which less
 * than half is alive is emptied into another and used again. So they take about twice the memory of what is alive at most, besides
 * what they took when there was most. A record has an address, which changes when it is moved, and an id, which does not.
 */
export class Records {
  readonly #memory: DataView[] = []
  /** Bytes that what is alive needs, by slab. */
  readonly #alive: number[] = []
  /** Slabs in which nothing is. */
  readonly #empty: number[] = []
  /** Slabs that are to be emptied. */
  readonly #sparse = new Set<number>()
  #slabs: number
  /** The slab that is being filled, and up to where. */
  #slab = -1
  #used = SLAB_BYTES
  /** By id, in pieces: the address, or the next id that is free. */
  readonly #places: Int32Array[] = []
  #freeId = NO_ID
  #ids = 0
  /** By id, values that are not in their records. */
  readonly #large = new Map<number, DataView>()
  /** Bytes of records that have died since the last `tidy`. */
  #died = 0

  /** @param first which slab is the first; that of a piece. Another than 0 leaves less room */
  constructor(first = 0) {
    this.#slabs = first
    this.#nextSlab()
  }

  /** Bytes that the slabs take. */
  get bytes(): number {
    return this.#slabs * SLAB_BYTES
  }

  /** A new record with a value of so many bytes, which are still to be `put`. @returns its address */
  add(key: BinaryKey, length: number, createRevision: number, version: number): number {
    const at = this.#take(HEADER_BYTES + key.length + inlineLength(length))
    const view = this.view(at)
    const start = this.start(at)
    view.setUint32(start + ID, this.#newId(at), true)
    view.setUint32(start + VALUE_LENGTH, length, true)
    view.setUint32(start + KEY_LENGTH, key.length, true)
    view.setFloat64(start + CREATE_REVISION, createRevision, true)
    view.setFloat64(start + VERSION, version, true)
    for (let i = 0; i < key.length; i++) view.setUint8(start + HEADER_BYTES + i, key.charCodeAt(i))
    return at
  }

  /**
   * Counts a version, with the value that lies in `source` from `from` up to `to`.
   * @returns where the record is now: its value may need more room, or far less
   */
  put(at: number, source: DataView, from: number, to: number, revision: number): number {
    const length = to - from
    const before = this.valueLength(at)
    const room = this.#sizeOf(at) - this.#bytesFor(at, 0)
    const inline = inlineLength(length)
    const fits = inline <= room && (room <= 2 * inline || room <= inline + MAX_UNUSED_BYTES)
    if (length > MAX_INLINE_BYTES || before > MAX_INLINE_BYTES) this.#setLarge(this.idOf(at), source, from, length)
    const now = fits ? at : this.#move(at, inline)
    if (fits && length !== before) this.#count(at >>> SLAB_BITS, wholeUnits(this.#bytesFor(at, length)) - this.#needed(at))
    const view = this.view(now)
    const start = this.start(now)
    view.setUint32(start + VALUE_LENGTH, length, true)
    view.setFloat64(start + MOD_REVISION, revision, true)
    view.setFloat64(start + VERSION, view.getFloat64(start + VERSION, true) + 1, true)
    copy(source, from, inline, view, this.keyStart(now) + this.keyLength(now))
    return now
  }

  /** Its memory may be used again from the next `tidy` on. */
  free(at: number): void {
    const id = this.idOf(at)
    this.#large.delete(id)
    this.#setPlace(id, this.#freeId)
    this.#freeId = id
    this.#die(at)
  }

  /** What lies here is a record: not one that has moved away, or has been freed. Until the next `tidy`. */
  isAlive(at: number): boolean {
    return this.idOf(at) !== DEAD
  }

  idOf(at: number): number {
    return this.view(at).getUint32(this.start(at) + ID, true)
  }

  /** Where the record of this id is. */
  addressOf(id: number): number {
    return (this.#places[id >>> IDS_BITS] as Int32Array)[id & IDS_MASK] as number
  }

  createRevision(at: number): number {
    return whole(this.view(at).getFloat64(this.start(at) + CREATE_REVISION, true))
  }

  modRevision(at: number): number {
    return whole(this.view(at).getFloat64(this.start(at) + MOD_REVISION, true))
  }

  version(at: number): number {
    return whole(this.view(at).getFloat64(this.start(at) + VERSION, true))
  }

  keyLength(at: number): number {
    return this.view(at).getUint32(this.start(at) + KEY_LENGTH, true)
  }

  valueLength(at: number): number {
    return this.view(at).getUint32(this.start(at) + VALUE_LENGTH, true)
  }

  /** A view, in which another value may stand once anything is put. */
  value(at: number): Uint8Array {
    const length = this.valueLength(at)
    if (length > MAX_INLINE_BYTES) return viewOf(this.#large.get(this.idOf(at)) as DataView, 0, length)
    return viewOf(this.view(at), this.keyStart(at) + this.keyLength(at), length)
  }

  /** The memory in which the record lies. */
  view(at: number): DataView {
    return this.#memory[at >>> PIECE_BITS] as DataView
  }

  /** Where in that memory it begins. */
  start(at: number): number {
    return (at & PIECE_MASK) << UNIT_BITS
  }

  /** And where its key does. */
  keyStart(at: number): number {
    return this.start(at) + HEADER_BYTES
  }

  /** Whether the key of what lies here, if anything does, is the bytes from `from` up to `to`. */
  hasKey(at: number, bytes: DataView, from: number, to: number): boolean {
    const length = to - from
    if (at === NOWHERE || this.keyLength(at) !== length) return false
    const view = this.view(at)
    const start = this.keyStart(at)
    for (let i = 0; i < length; i++) if (view.getUint8(start + i) !== bytes.getUint8(from + i)) return false
    return true
  }

  /**
   * Reads one byte of each, so that the processor fetches for many at once what others would wait for one by one. What it gives
   * means nothing, but must be kept, or V8 leaves the reading out.
   */
  readAhead(addresses: Int32Array, count: number): number {
    const memory = this.#memory
    let ahead = 0
    for (let i = 0; i < count; i++) {
      const at = addresses[i] as number
      ahead ^= (memory[at >>> PIECE_BITS] as DataView).getUint8((at & PIECE_MASK) << UNIT_BITS)
    }
    return ahead
  }

  /**
   * Empties slabs of which little is alive: as many as regain what has died since, and one, so that it never takes long.
   * @param moved called for each record that is somewhere else from now on
   */
  tidy(moved: (from: number, to: number) => void): void {
    let left = 1 + Math.ceil(this.#died / SPARSE_BYTES)
    for (const slab of this.#sparse) {
      if (left === 0) break
      this.#emptySlab(slab, moved)
      this.#sparse.delete(slab)
      left -= 1
    }
    // What was moved has died too, but regains nothing.
    this.#died = 0
  }

  /** The addresses of all records that are alive. Takes time with all records that there ever were at once. @internal */
  aliveAddresses(): Set<number> {
    const alive = new Set<number>()
    const free = this.#freeIds()
    for (let id = 0; id < this.#ids; id++) {
      const at = this.addressOf(id)
      if (!free.has(id) && this.#memory[at >>> PIECE_BITS] !== undefined && this.idOf(at) === id) alive.add(at)
    }
    return alive
  }

  /** Ids that no record has. In the place of its address, each of them has the next one. */
  #freeIds(): Set<number> {
    const free = new Set<number>()
    for (let id = this.#freeId; id !== NO_ID && !free.has(id); id = this.addressOf(id)) free.add(id)
    return free
  }

  /** @internal */
  heldSums(): HeldSum[] {
    const addresses = [...this.aliveAddresses()]
    const bytes = this.#alive.map(() => 0)
    let large = 0
    for (const at of addresses) {
      const slab = at >>> SLAB_BITS
      bytes[slab] = (bytes[slab] as number) + this.#needed(at)
      if (this.valueLength(at) > MAX_INLINE_BYTES) large += 1
    }
    const idle = bytes.filter((alive, slab) => alive === 0 && slab !== this.#slab && !this.#sparse.has(slab)).length
    const lost = bytes.filter((alive, slab) => alive > 0 && alive < SPARSE_BYTES && slab !== this.#slab && !this.#sparse.has(slab)).length
    return [
      ...bytes.map((there, slab) => ({ name: `bytes alive in slab ${slab}`, kept: this.#alive[slab] as number, there })),
      { name: 'ids in use', kept: this.#ids - this.#freeIds().size, there: addresses.length },
      { name: 'values beside their records', kept: this.#large.size, there: large },
      { name: 'empty slabs', kept: this.#empty.length, there: idle },
      { name: 'slabs that should be emptied and are not listed', kept: 0, there: lost },
    ]
  }

  #emptySlab(slab: number, moved: (from: number, to: number) => void): void {
    let used = slab === 0 ? FIRST : 0
    while (this.#alive[slab] !== 0) {
      const at = (slab << SLAB_BITS) | (used >>> UNIT_BITS)
      used += this.#sizeOf(at)
      if (this.isAlive(at)) moved(at, this.#move(at, inlineLength(this.valueLength(at))))
    }
    this.#empty.push(slab)
  }

  /** Moves it to where there is so much room for a value, which is copied as far as there is. */
  #move(at: number, room: number): number {
    const bytes = this.#bytesFor(at, room)
    const to = this.#take(bytes)
    const view = this.view(to)
    const start = this.start(to)
    const size = view.getUint32(start, true)
    copy(this.view(at), this.start(at), Math.min(bytes, this.#sizeOf(at)), view, start)
    view.setUint32(start, size, true)
    this.#setPlace(this.idOf(at), to)
    this.#die(at)
    return to
  }

  #die(at: number): void {
    this.view(at).setUint32(this.start(at) + ID, DEAD, true)
    this.#count(at >>> SLAB_BITS, -this.#needed(at))
  }

  /** So many bytes more are needed in the slab, or fewer. */
  #count(slab: number, bytes: number): void {
    const before = this.#alive[slab] as number
    this.#alive[slab] = before + bytes
    if (bytes > 0) return
    this.#died -= bytes
    if (slab !== this.#slab && before + bytes < SPARSE_BYTES) this.#sparse.add(slab)
  }

  /** Memory for a record of so many bytes, with its size. */
  #take(bytes: number): number {
    const size = wholeUnits(bytes)
    if (this.#used + size > SLAB_BYTES) this.#nextSlab()
    const at = (this.#slab << SLAB_BITS) | (this.#used >>> UNIT_BITS)
    if (this.start(at) + size > this.view(at).byteLength) this.#growFirst(this.#used + size)
    this.view(at).setUint32(this.start(at), size, true)
    this.#used += size
    this.#count(this.#slab, size)
    return at
  }

  #nextSlab(): void {
    const full = this.#slab
    this.#slab = this.#empty.pop() ?? this.#newSlab()
    this.#used = this.#slab === 0 ? FIRST : 0
    if (full !== -1) this.#count(full, 0)
  }

  #newSlab(): number {
    const slab = this.#slabs
    if (slab === MOST_SLABS) throw new RangeError('the keys and small values of one member take 64 GiB at most, and they have come to it')
    const piece = Math.floor(slab / PIECE_SLABS)
    if (slab === 0) this.#memory[piece] = new DataView(new ArrayBuffer(FEWEST_BYTES))
    else if (slab === 1) this.#growFirst(PIECE_BYTES)
    else this.#memory[piece] ??= new DataView(uncountedMemory(PIECE_BYTES))
    this.#slabs += 1
    this.#alive[slab] = 0
    return slab
  }

  /**
   * The first piece of memory grows with what is in it. Where many stores come and go, malloc gives memory that was used before, and
   * all of it is filled with zeros; and V8 must count it, or nothing tells that there is some to free.
   */
  #growFirst(bytes: number): void {
    const before = this.#memory[0] as DataView
    const length = Math.max(bytes, 2 * before.byteLength)
    const isWhole = length > SLAB_BYTES
    const memory = new DataView(isWhole ? uncountedMemory(PIECE_BYTES) : new ArrayBuffer(length))
    copy(before, 0, before.byteLength, memory, 0)
    this.#memory[0] = memory
  }

  #newId(at: number): number {
    const id = this.#freeId === NO_ID ? this.#ids : this.#freeId
    if (id === this.#ids) {
      if ((id & IDS_MASK) === 0) this.#places.push(new Int32Array(uncountedMemory((IDS_MASK + 1) * Int32Array.BYTES_PER_ELEMENT)))
      this.#ids += 1
    } else this.#freeId = this.addressOf(id)
    this.#setPlace(id, at)
    return id
  }

  #setPlace(id: number, place: number): void {
    const places = this.#places[id >>> IDS_BITS] as Int32Array
    places[id & IDS_MASK] = place
  }

  #setLarge(id: number, source: DataView, from: number, length: number): void {
    if (length <= MAX_INLINE_BYTES) {
      this.#large.delete(id)
      return
    }
    let memory = this.#large.get(id)
    if (memory === undefined || memory.byteLength < length || memory.byteLength > 2 * length) {
      const { buffer, byteOffset } = Buffer.allocUnsafeSlow(length)
      memory = new DataView(buffer, byteOffset, length)
      this.#large.set(id, memory)
    }
    copy(source, from, length, memory, 0)
  }

  #sizeOf(at: number): number {
    return this.view(at).getUint32(this.start(at), true)
  }

  /** What it would take anew: less than its size where its value takes less than there is room for. */
  #needed(at: number): number {
    return wholeUnits(this.#bytesFor(at, this.valueLength(at)))
  }

  /** Bytes of the record with a value of so many. */
  #bytesFor(at: number, length: number): number {
    return HEADER_BYTES + this.keyLength(at) + inlineLength(length)
  }
}

/** In the first slab no record begins where `NOWHERE` is. */
const FIRST = UNIT_BYTES

/** Bytes of the record that a value of so many takes. */
function inlineLength(length: number): number {
  return length > MAX_INLINE_BYTES ? 0 : length
}

function wholeUnits(bytes: number): number {
  return (bytes + UNIT_BYTES - 1) & -UNIT_BYTES
}

/** V8 keeps it without an object of its own, where it can. */
function whole(value: number): number {
  return (value | 0) === value ? value | 0 : value
}

/**
 * `Uint8Array.set` makes a view of what it copies, which is garbage then, and looks at the buffer behind its target, which lies
 * elsewhere in the memory: with words and DataViews, which V8 compiles to plain moves, a put of 128 B takes four fifths of the time.
 */
function copy(source: DataView, from: number, length: number, target: DataView, at: number): void {
  if (length > MAX_BYTES_BY_WORD) {
    viewOf(target, at, length).set(viewOf(source, from, length))
    return
  }
  let done = 0
  for (; done + 4 <= length; done += 4) target.setUint32(at + done, source.getUint32(from + done))
  for (; done < length; done++) target.setUint8(at + done, source.getUint8(from + done))
}

/** So many bytes from `start` on. */
function viewOf({ buffer, byteOffset }: DataView, start: number, length: number): Uint8Array {
  return new Uint8Array(buffer, byteOffset + start, length)
}
