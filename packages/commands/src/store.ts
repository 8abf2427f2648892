import type { Transaction } from './command.js'
import type { Entry, Page } from './entry.js'
import type { Key } from './keys.js'
import type { ReadOptions, WriteOptions } from './options.js'
import type { PageOptions, RangeOptions } from './pages.js'
import type { CompareAndSetResult, DeleteResult, PutResult, TransactionResult } from './result.js'

/**
 * A replicated key-value store, asked from outside (`RaftClient` of `@raft/client`) or from within a member (`RaftNode` of
 * `@raft/node`). Keys are text or bytes; values are what the store's codec makes of bytes. Keys and values are copied before a call
 * returns.
 *
 * A call rejects with a `RequestError`, whose `outcomeUnknown` says whether the call may have taken effect.
 */
export interface Store<V = unknown> {
  /** The value of a key; undefined if the key does not exist. */
  get(key: Key, options?: ReadOptions): Promise<V | undefined>

  /** The value of a key with its revisions; null if the key does not exist. */
  getEntry(key: Key, options?: ReadOptions): Promise<Entry<V> | null>

  /** One answer to a range: as many entries as `limit` and the store allow at once. */
  page(options?: PageOptions): Promise<Page<V>>

  /**
   * All entries of a range, in bytewise order of their keys, read page by page: each page is as consistent as asked for, but a
   * write between two pages shows in the later one only. `timeout` is for each page.
   */
  range(options?: RangeOptions): AsyncGenerator<Entry<V>, void, undefined>

  /** Stores a value. */
  put(key: Key, value: V, options?: WriteOptions): Promise<PutResult>

  /** Removes a key; `deleted` tells whether it existed. */
  delete(key: Key, options?: WriteOptions): Promise<DeleteResult>

  /** Stores a value if the key's `modRevision` is `prevRevision`; 0: if the key does not exist. Losing is a result, not an error. */
  compareAndSet(key: Key, prevRevision: number, value: V, options?: WriteOptions): Promise<CompareAndSetResult>

  /** Carries out the steps of `success` if all of `compare` hold, those of `failure` otherwise: all of them or none, in one revision. */
  transaction(transaction: Transaction<V, Key>, options?: WriteOptions): Promise<TransactionResult<Entry<V>>>
}
