import sortedBTree from 'sorted-btree'
import type { RangeRequest } from './command.js'
import { type BinaryKey, compareKeys, fromBinaryKey, toBinaryKey } from './key.js'
import { DEFAULT_RANGE_LIMIT, ENTRY_OVERHEAD_BYTES, MAX_RANGE_BYTES, MAX_RANGE_LIMIT } from './limits.js'
import type { KeyValue } from './result.js'
import { type Place, ValueMemory } from './value-memory.js'

const BTree = sortedBTree.default
type Tree = InstanceType<typeof BTree<BinaryKey, StoredValue>>

/** Told from all others by being another object. */
class Owner {}

/** What the tree holds of a key. Changed in place by the keyspace that has made it, as long as no other may share it. */
export class StoredValue implements Place {
  memory = NO_MEMORY
  start = 0
  length = 0
  createRevision: number
  modRevision: number
  version = 1
  readonly owner: Owner

  constructor(revision: number, owner: Owner) {
    this.createRevision = revision
    this.modRevision = revision
    this.owner = owner
  }

  /** A view. It stays as it is when the key is put again. */
  get value(): Uint8Array {
    return this.memory.subarray(this.start, this.start + this.length)
  }
}

const NO_MEMORY = Buffer.alloc(0)

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
  /** Of the values that no fork shares. */
  #owner = new Owner()

  constructor(tree: Tree = new BTree<BinaryKey, StoredValue>(undefined, compareKeys), memory = new ValueMemory()) {
    this.#tree = tree
    this.#memory = memory
  }

  get size(): number {
    return this.#tree.size
  }

  fork(): Keyspace {
    this.#owner = new Owner()
    return new Keyspace(this.#tree.clone(), this.#memory)
  }

  /** The value, which lies in `source` from `from` up to `to`, is copied. @returns what is stored now, until the next change */
  put(key: BinaryKey, source: Uint8Array, from: number, to: number, revision: number): Readonly<StoredValue> {
    const before = this.#tree.get(key)
    const stored = before?.owner === this.#owner ? before : new StoredValue(revision, this.#owner)
    if (before !== undefined) {
      stored.createRevision = before.createRevision
      stored.modRevision = revision
      stored.version = before.version + 1
    }
    this.#memory.copy(source, from, to, stored)
    if (stored !== before) this.#tree.set(key, stored)
    return stored
  }

  /** Whether the key existed. */
  delete(key: BinaryKey): boolean {
    return this.#tree.delete(key)
  }

  find(key: BinaryKey): Readonly<StoredValue> | undefined {
    return this.#tree.get(key)
  }

  get(key: Uint8Array): KeyValue | null {
    const binaryKey = toBinaryKey(key)
    const stored = this.#tree.get(binaryKey)
    return stored === undefined ? null : keyValue(binaryKey, stored)
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
      entries.push(keyValue(key, stored))
      bytes += entryBytes
    }
    return { entries, more: false, bytes }
  }

  /** Every key with what is stored of it, in order. */
  forEach(visit: (key: BinaryKey, stored: Readonly<StoredValue>) => void): void {
    this.#tree.forEachPair(visit)
  }
}

function keyValue(key: BinaryKey, stored: Readonly<StoredValue>): KeyValue {
  return {
    key: fromBinaryKey(key),
    value: stored.value,
    createRevision: stored.createRevision,
    modRevision: stored.modRevision,
    version: stored.version,
  }
}
