import { DEFAULT_RANGE_LIMIT, ENTRY_OVERHEAD_BYTES, type KeyValue, MAX_RANGE_BYTES, MAX_RANGE_LIMIT, type Range } from '@raft/commands'
import sortedBTree from 'sorted-btree'
import type { HeldSum } from './held-sum.js'
import { type BinaryKey, compareKeys, fromBinaryKey, hashOf, toBinaryKey } from './key.js'
import { LONGEST_RUN, type PutRun } from './put-run.js'
import { RecentKeys } from './recent-keys.js'
import { NOWHERE, Records } from './records.js'

const BTree = sortedBTree.default

/** Keys of a node of the tree. With a million of them, twice as many as its default take a fifth off the time of a new key. */
const NODE_KEYS = 64

export interface Revisions {
  readonly createRevision: number
  readonly modRevision: number
  readonly version: number
}

/** What is stored of a key. */
export interface Stored extends Revisions {
  /** A view, in which another value may stand after the next change. */
  readonly value: Uint8Array
}

export interface RangeAnswer {
  readonly entries: readonly KeyValue[]
  readonly more: boolean
  /** Bytes of the entries, as limits count them. */
  readonly bytes: number
}

/** The ids of the records of a key before a change and after it; null where there is none. */
interface Change {
  readonly key: BinaryKey
  readonly before: number | null
  readonly after: number | null
}

/** The keys in bytewise order. */
export class Keyspace {
  /** The ids of their records. */
  readonly #tree = new BTree<BinaryKey, number>(undefined, compareKeys, NODE_KEYS)
  readonly #records = new Records()
  readonly #recent = new RecentKeys()
  /** Since `begin`, and until they are kept or taken back: records that were there before are not changed meanwhile. */
  #changes: Change[] | null = null
  /** The ids of the records that were made since. */
  #made = new Set<number>()
  /** Means nothing. */
  readAhead = 0
  /** What `findAll` has found. */
  readonly #found = new Int32Array(LONGEST_RUN)

  get size(): number {
    return this.#tree.size
  }

  /** Of memory, that keys and small values take. */
  get bytes(): number {
    return this.#records.bytes
  }

  /** @internal */
  heldSums(): HeldSum[] {
    const alive = this.#records.aliveAddresses()
    const gone = this.#recent.addresses().filter((at) => !alive.has(at)).length
    return [
      { name: 'keys', kept: this.#tree.size, there: alive.size },
      { name: 'records that are remembered and gone', kept: 0, there: gone },
      { name: 'records since the beginning of a transaction', kept: 0, there: this.#made.size + (this.#changes?.length ?? 0) },
      ...this.#records.heldSums(),
    ]
  }

  /** From now on changes can be taken back. */
  begin(): void {
    this.#changes = []
  }

  /** What was changed since `begin` stays. */
  keepChanges(): void {
    for (const { before } of this.#end()) if (before !== null) this.#records.free(this.#records.addressOf(before))
  }

  /** All is as it was at `begin`. */
  takeBackChanges(): void {
    for (const { key, before, after } of this.#end().reverse()) {
      if (before === null) this.#tree.delete(key)
      else this.#tree.set(key, before)
      if (after === null) continue
      const at = this.#records.addressOf(after)
      this.#recent.forget(this.#hashAt(at))
      this.#records.free(at)
    }
  }

  /** The value is copied. */
  put(key: BinaryKey, { buffer, byteOffset, length }: Uint8Array, revision: number): Revisions {
    return this.#change(this.#own(key, length, revision), new DataView(buffer, byteOffset, length), 0, length, revision)
  }

  /** Looks up the keys of the puts, for `putFound` of each, one after the other, before anything else is changed. */
  findAll(puts: PutRun): void {
    const { view, count, keyStart, keyEnd } = puts
    const found = this.#found
    const records = this.#records
    for (let i = 0; i < count; i++) found[i] = hashOf(view, keyStart[i] as number, keyEnd[i] as number)
    this.readAhead = this.#recent.findAll(found, count) ^ records.readAhead(found, count)
    for (let i = 0; i < count; i++)
      if (!records.hasKey(found[i] as number, view, keyStart[i] as number, keyEnd[i] as number)) found[i] = NOWHERE
  }

  /** As `put`, for the `i`th of the puts that were looked up. */
  putFound(puts: PutRun, i: number, revision: number): Revisions {
    const valueStart = puts.valueStart[i] as number
    const valueEnd = puts.valueEnd[i] as number
    const found = this.#found[i] as number
    // One of the puts before may have moved it.
    const at = found !== NOWHERE && this.#records.isAlive(found) ? found : this.#add(puts.key(i), valueEnd - valueStart, revision)
    return this.#change(at, puts.view, valueStart, valueEnd, revision)
  }

  /** Whether the key existed. */
  delete(key: BinaryKey): boolean {
    const id = this.#tree.get(key)
    if (id === undefined) return false
    this.#tree.delete(key)
    const at = this.#records.addressOf(id)
    this.#recent.forget(this.#hashAt(at))
    if (this.#changes === null) this.#records.free(at)
    else this.#changes.push({ key, before: id, after: null })
    return true
  }

  find(key: BinaryKey): Stored | undefined {
    const id = this.#tree.get(key)
    return id === undefined ? undefined : this.#stored(this.#records.addressOf(id))
  }

  get(key: Uint8Array): KeyValue | null {
    const at = this.#locate(key)
    return at === NOWHERE ? null : this.#keyValue(key, at)
  }

  /** What the key and its value count for in an answer, in bytes; 0 when it does not exist. */
  entryBytes(key: Uint8Array): number {
    const at = this.#locate(key)
    return at === NOWHERE ? 0 : this.#entryBytes(key.length, at)
  }

  /** @param maxBytes the answer ends behind the entry that makes it larger, which is not in it; by default no entry does */
  range(request: Range, maxBytes = Number.POSITIVE_INFINITY): RangeAnswer {
    const entries: KeyValue[] = []
    const { more, bytes } = this.#scan(request, maxBytes, (key, at) => entries.push(this.#keyValue(fromBinaryKey(key), at)))
    return { entries, more, bytes }
  }

  /** The bytes of the answer that `range` would give, without making it. */
  rangeBytes(request: Range, maxBytes: number): number {
    return this.#scan(request, maxBytes, () => {}).bytes
  }

  /** Where the key's record is. */
  #locate(key: Uint8Array): number {
    const bytes = new DataView(key.buffer, key.byteOffset, key.length)
    const hash = hashOf(bytes, 0, key.length)
    const recent = this.#recent.find(hash)
    if (this.#records.hasKey(recent, bytes, 0, key.length)) return recent
    const id = this.#tree.get(toBinaryKey(key))
    if (id === undefined) return NOWHERE
    const at = this.#records.addressOf(id)
    this.#recent.remember(hash, at, this.#tree.size)
    return at
  }

  #scan(request: Range, maxBytes: number, visit: (key: BinaryKey, at: number) => void): Omit<RangeAnswer, 'entries'> {
    const prefix = request.prefix === undefined ? '' : toBinaryKey(request.prefix)
    const after = request.after === undefined ? null : toBinaryKey(request.after)
    const limit = Math.min(request.limit === undefined || request.limit === 0 ? DEFAULT_RANGE_LIMIT : request.limit, MAX_RANGE_LIMIT)
    let count = 0
    let bytes = 0
    for (const [key, id] of this.#tree.entries(after !== null && after > prefix ? after : prefix)) {
      if (key === after) continue
      if (!key.startsWith(prefix)) break
      const at = this.#records.addressOf(id)
      const entryBytes = this.#entryBytes(key.length, at)
      if (count === limit || (bytes + entryBytes > MAX_RANGE_BYTES && count > 0)) return { more: true, bytes }
      bytes += entryBytes
      if (bytes > maxBytes) return { more: true, bytes }
      visit(key, at)
      count += 1
    }
    return { more: false, bytes }
  }

  #entryBytes(keyLength: number, at: number): number {
    return keyLength + this.#records.valueLength(at) + ENTRY_OVERHEAD_BYTES
  }

  /**
   * Keys behind `after` with what is stored of them, in order, until `visit` returns false.
   * @param after null: from the first key on
   * @returns whether the last key was visited
   */
  visit(after: BinaryKey | null, visit: (key: BinaryKey, stored: Stored) => boolean): boolean {
    for (const [key, id] of this.#tree.entries(after ?? undefined)) {
      if (key !== after && !visit(key, this.#stored(this.#records.addressOf(id)))) return false
    }
    return true
  }

  /** Lets memory that is free be used again; takes time with what has been changed since the last time. Not between `begin` and its end. */
  tidy(): void {
    this.#records.tidy((from, to) => this.#recent.move(this.#hashAt(to), from, to))
  }

  /** The record of the key that may be changed. One is made where there is none, or where what is there may have to come back. */
  #own(key: BinaryKey, length: number, revision: number): number {
    const records = this.#records
    const before = this.#tree.get(key)
    const isNew = before === undefined || (this.#changes !== null && !this.#made.has(before))
    const at = isNew ? this.#make(key, length, before, revision) : records.addressOf(before)
    this.#recent.remember(this.#hashAt(at), at, this.#tree.size)
    return at
  }

  /** As `#own`, for a key that was not found among those that were used last, and so is nearly always a new one. */
  #add(key: BinaryKey, length: number, revision: number): number {
    const at = this.#records.add(key, length, revision, 0)
    if (this.#tree.setIfNotPresent(key, this.#records.idOf(at))) {
      this.#recent.remember(this.#hashAt(at), at, this.#tree.size)
      return at
    }
    this.#records.free(at)
    return this.#own(key, length, revision)
  }

  #make(key: BinaryKey, length: number, before: number | undefined, revision: number): number {
    const records = this.#records
    const known = before === undefined ? NOWHERE : records.addressOf(before)
    const at =
      known === NOWHERE
        ? records.add(key, length, revision, 0)
        : records.add(key, length, records.createRevision(known), records.version(known))
    const after = records.idOf(at)
    this.#tree.set(key, after)
    if (this.#changes !== null) {
      this.#changes.push({ key, before: before ?? null, after })
      this.#made.add(after)
    }
    return at
  }

  #change(at: number, source: DataView, from: number, to: number, revision: number): Revisions {
    const now = this.#records.put(at, source, from, to, revision)
    if (now !== at) this.#recent.move(this.#hashAt(now), at, now)
    return { createRevision: this.#records.createRevision(now), modRevision: revision, version: this.#records.version(now) }
  }

  /** The changes since `begin`, which are over. */
  #end(): Change[] {
    const changes = this.#changes ?? []
    this.#changes = null
    this.#made = new Set()
    return changes
  }

  #hashAt(at: number): number {
    const start = this.#records.keyStart(at)
    return hashOf(this.#records.view(at), start, start + this.#records.keyLength(at))
  }

  #stored(at: number): Stored {
    const records = this.#records
    return {
      value: records.value(at),
      createRevision: records.createRevision(at),
      modRevision: records.modRevision(at),
      version: records.version(at),
    }
  }

  #keyValue(key: Uint8Array, at: number): KeyValue {
    const { value, createRevision, modRevision, version } = this.#stored(at)
    // From Node's pool, where it is small.
    const copy = Buffer.allocUnsafe(value.length)
    copy.set(value)
    return { key, value: copy, createRevision, modRevision, version }
  }
}
