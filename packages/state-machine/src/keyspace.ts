import sortedBTree from 'sorted-btree'
import type { RangeRequest } from './command.js'
import { type BinaryKey, compareKeys, fromBinaryKey, isKeyAt, toBinaryKey } from './key.js'
import { DEFAULT_RANGE_LIMIT, ENTRY_OVERHEAD_BYTES, MAX_RANGE_BYTES, MAX_RANGE_LIMIT } from './limits.js'
import type { PutRun } from './put-run.js'
import { RecentKeys } from './recent-keys.js'
import type { KeyValue } from './result.js'
import { type Place, ValueMemory, viewOf } from './value-memory.js'

const BTree = sortedBTree.default
type Tree = InstanceType<typeof BTree<BinaryKey, StoredValue>>

/**
 * Keys of a node of the tree. With a million of them, twice as many as its default take a fifth off the time of a new key; with more,
 * a change after a fork, which copies the nodes on the way, would take longer.
 */
const NODE_KEYS = 64

/** Told from all others by being another object. */
class Owner {}

/** What the tree holds of a key. Changed in place by the keyspace that has made it, as long as no other may share it. */
export class StoredValue implements Place {
  memory = NO_MEMORY
  start = 0
  length = 0
  room = 0
  readonly createRevision: number
  modRevision = 0
  version: number
  readonly key: BinaryKey
  readonly owner: Owner

  constructor(key: BinaryKey, createRevision: number, version: number, owner: Owner) {
    this.key = key
    this.createRevision = createRevision
    this.version = version
    this.owner = owner
  }

  /** A view, in which another value may stand once the key is put again. */
  get value(): Uint8Array {
    return viewOf(this.memory, this.start, this.length)
  }
}

/** Of one byte, which may be read ahead as that of any value. */
const NO_MEMORY = new DataView(new ArrayBuffer(1))

export interface RangeAnswer {
  readonly entries: readonly KeyValue[]
  readonly more: boolean
  /** Bytes of the entries, as limits count them. */
  readonly bytes: number
}

/** The keys in bytewise order. Forking it is cheap whatever its size: forks share what neither has changed since. */
export class Keyspace {
  readonly #tree: Tree
  readonly #memory: ValueMemory
  /** Shared with forks: what another has made is told by its owner. */
  readonly #recent: RecentKeys<StoredValue>
  /** Of the values that no fork shares. */
  #owner = new Owner()

  constructor(
    tree: Tree = new BTree<BinaryKey, StoredValue>(undefined, compareKeys, NODE_KEYS),
    memory = new ValueMemory(),
    recent = new RecentKeys<StoredValue>(),
  ) {
    this.#tree = tree
    this.#memory = memory
    this.#recent = recent
  }

  get size(): number {
    return this.#tree.size
  }

  fork(): Keyspace {
    this.#owner = new Owner()
    return new Keyspace(this.#tree.clone(), this.#memory, this.#recent)
  }

  /** The value is copied. @returns what is stored now, until the next change */
  put(key: BinaryKey, { buffer, byteOffset, length }: Uint8Array, revision: number): Readonly<StoredValue> {
    return this.#change(this.#own(key, length, revision), new DataView(buffer, byteOffset, length), 0, length, revision)
  }

  /** What is stored of the keys of the puts, for `putFound` of each, one after the other, before anything else is changed. */
  findAll(puts: PutRun): (StoredValue | undefined)[] {
    const { bytes, count, keyStart, keyEnd } = puts
    const found = this.#recent.candidates(puts)
    // Each loop has the processor fetch, for many keys at once, what the next would otherwise wait for key by key.
    let ahead = 0
    for (let i = 0; i < count; i++) {
      const candidate = found[i]
      if (candidate !== undefined) ahead += candidate.key.length
    }
    for (let i = 0; i < count; i++) {
      const candidate = found[i]
      if (candidate === undefined) continue
      const isIt = candidate.owner === this.#owner && isKeyAt(candidate.key, bytes, keyStart[i] as number, keyEnd[i] as number)
      if (!isIt) found[i] = undefined
    }
    for (let i = 0; i < count; i++) {
      const stored = found[i]
      if (stored !== undefined) ahead += stored.memory.getUint8(stored.start)
    }
    puts.readAhead = ahead
    return found
  }

  /** As `put`, for the `i`th of the puts, of whose key `found` was found. */
  putFound(puts: PutRun, i: number, found: StoredValue | undefined, revision: number): Readonly<StoredValue> {
    const valueStart = puts.valueStart[i] as number
    const valueEnd = puts.valueEnd[i] as number
    const stored = found === undefined ? this.#own(puts.key(i), valueEnd - valueStart, revision) : found
    return this.#change(stored, puts.view, valueStart, valueEnd, revision)
  }

  /** Called before a fork is dropped, for each key that it has put: what finds keys that were used last keeps nothing of it then. */
  forget(key: BinaryKey): void {
    this.#recent.forget(key)
  }

  /** Whether the key existed. */
  delete(key: BinaryKey): boolean {
    this.#recent.forget(key)
    return this.#tree.delete(key)
  }

  find(key: BinaryKey): Readonly<StoredValue> | undefined {
    return this.#tree.get(key)
  }

  get(key: Uint8Array): KeyValue | null {
    const recent = this.#recent.find(key, 0, key.length)
    const stored = recent?.owner === this.#owner ? recent : this.#findInTree(key)
    return stored === undefined ? null : keyValue(stored, key)
  }

  range(request: RangeRequest): RangeAnswer {
    const prefix = request.prefix === undefined ? '' : toBinaryKey(request.prefix)
    const after = request.after === undefined ? null : toBinaryKey(request.after)
    const limit = Math.min(request.limit === undefined || request.limit === 0 ? DEFAULT_RANGE_LIMIT : request.limit, MAX_RANGE_LIMIT)
    const entries: KeyValue[] = []
    let bytes = 0
    for (const [key, stored] of this.#tree.entries(after !== null && after > prefix ? after : prefix)) {
      if (key === after) continue
      if (!key.startsWith(prefix)) break
      const entryBytes = key.length + stored.length + ENTRY_OVERHEAD_BYTES
      if (entries.length === limit || (bytes + entryBytes > MAX_RANGE_BYTES && entries.length > 0)) return { entries, more: true, bytes }
      entries.push(keyValue(stored, fromBinaryKey(key)))
      bytes += entryBytes
    }
    return { entries, more: false, bytes }
  }

  /** Every key with what is stored of it, in order. */
  forEach(visit: (key: BinaryKey, stored: Readonly<StoredValue>) => void): void {
    this.#tree.forEachPair(visit)
  }

  #findInTree(key: Uint8Array): StoredValue | undefined {
    const stored = this.#tree.get(toBinaryKey(key))
    if (stored?.owner === this.#owner) this.#recent.remember(stored, this.#tree.size)
    return stored
  }

  /** What this keyspace may change in place of the key. Where there is nothing, or what forks share, it is made, as before the put. */
  #own(key: BinaryKey, length: number, revision: number): StoredValue {
    const before = this.#tree.get(key)
    if (before?.owner === this.#owner) {
      this.#recent.remember(before, this.#tree.size)
      return before
    }
    const stored = new StoredValue(key, before?.createRevision ?? revision, before?.version ?? 0, this.#owner)
    this.#tree.set(key, stored)
    this.#memory.reserve(length, stored, this.#tree.size)
    this.#recent.remember(stored, this.#tree.size)
    return stored
  }

  #change(stored: StoredValue, source: DataView, from: number, to: number, revision: number): StoredValue {
    stored.modRevision = revision
    stored.version += 1
    this.#memory.replace(source, from, to, stored)
    return stored
  }
}

function keyValue(stored: Readonly<StoredValue>, key: Uint8Array): KeyValue {
  return {
    key,
    value: copyOf(stored),
    createRevision: stored.createRevision,
    modRevision: stored.modRevision,
    version: stored.version,
  }
}

/** From Node's pool, where it is small. */
function copyOf({ value }: Readonly<StoredValue>): Uint8Array {
  const copy = Buffer.allocUnsafe(value.length)
  copy.set(value)
  return copy
}
