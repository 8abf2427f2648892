import sortedBTree from 'sorted-btree'
import type { RangeRequest } from './command.js'
import { type BinaryKey, compareKeys, fromBinaryKey, toBinaryKey } from './key.js'
import { DEFAULT_RANGE_LIMIT, ENTRY_OVERHEAD_BYTES, MAX_RANGE_BYTES, MAX_RANGE_LIMIT } from './limits.js'
import type { KeyValue } from './result.js'
import { ValueMemory } from './value-memory.js'

const BTree = sortedBTree.default
type Tree = InstanceType<typeof BTree<BinaryKey, StoredValue>>

/** What the tree holds of a key. Never changed, only replaced, since forks of the keyspace share it. */
export interface StoredValue {
  readonly value: Uint8Array
  readonly createRevision: number
  readonly modRevision: number
  readonly version: number
}

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

  constructor(tree: Tree = new BTree<BinaryKey, StoredValue>(undefined, compareKeys), memory = new ValueMemory()) {
    this.#tree = tree
    this.#memory = memory
  }

  get size(): number {
    return this.#tree.size
  }

  fork(): Keyspace {
    return new Keyspace(this.#tree.clone(), this.#memory)
  }

  /** The value is copied. */
  put(key: BinaryKey, value: Uint8Array, revision: number): StoredValue {
    const before = this.#tree.get(key)
    const stored: StoredValue = {
      value: this.#memory.copy(value),
      createRevision: before === undefined ? revision : before.createRevision,
      modRevision: revision,
      version: before === undefined ? 1 : before.version + 1,
    }
    this.#tree.set(key, stored)
    return stored
  }

  /** Whether the key existed. */
  delete(key: BinaryKey): boolean {
    return this.#tree.delete(key)
  }

  find(key: BinaryKey): StoredValue | undefined {
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
      const entryBytes = key.length + stored.value.length + ENTRY_OVERHEAD_BYTES
      if (entries.length === limit || (bytes + entryBytes > MAX_RANGE_BYTES && entries.length > 0)) return { entries, more: true, bytes }
      entries.push(keyValue(key, stored))
      bytes += entryBytes
    }
    return { entries, more: false, bytes }
  }

  /** Every key with what is stored of it, in order. */
  forEach(visit: (key: BinaryKey, stored: StoredValue) => void): void {
    this.#tree.forEachPair(visit)
  }
}

function keyValue(key: BinaryKey, stored: StoredValue): KeyValue {
  return {
    key: fromBinaryKey(key),
    value: stored.value,
    createRevision: stored.createRevision,
    modRevision: stored.modRevision,
    version: stored.version,
  }
}
