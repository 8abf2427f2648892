import type { Codec } from './codec.js'
import { Operation, type Range, type Transaction } from './command.js'
import { encodeCompareAndSet, encodeDelete, encodePut, encodeTransaction } from './encode-command.js'
import { decodeEntry, decodePage, type Entry, encodeRange, type Page } from './entry.js'
import { decodeValue, encodeKey, encodeValue, type Key } from './keys.js'
import type { ReadOptions, WriteOptions } from './options.js'
import { type PageOptions, type RangeOptions, readPages } from './pages.js'
import type { CompareAndSetResult, DeleteResult, PutResult, TransactionResult } from './result.js'
import type { Results } from './result-codec.js'
import type { Store } from './store.js'
import { checkRevision, decodeTransactionResult, encodeTransactionInput } from './transaction-codec.js'

/** One way of asking: the operation whose result answers, and what the caller is given of that result. */
export interface Answer<O extends keyof Results, T> {
  readonly operation: O
  readonly of: (result: Results[O]) => T
}

/** How values become bytes, and how large they may be. */
export interface EncodingOptions<V> {
  readonly codec: Codec<V>
  readonly maxValueBytes: number
}

const NO_OPTIONS = {}
const PUT: Answer<typeof Operation.put, PutResult> = { operation: Operation.put, of: (result) => result }
const DELETE: Answer<typeof Operation.delete, DeleteResult> = { operation: Operation.delete, of: (result) => result }
const COMPARE_AND_SET: Answer<typeof Operation.compareAndSet, CompareAndSetResult> = {
  operation: Operation.compareAndSet,
  of: (result) => result,
}

/**
 * The calls of a `Store` as commands and queries, and their results as the caller's values. A subclass carries them to the store and
 * back: it calls what encodes them once, within the call, and rejects with what that throws.
 */
export abstract class EncodedStore<V> implements Store<V> {
  readonly #codec: Codec<V>
  readonly #maxValueBytes: number
  readonly #get: Answer<typeof Operation.get, V | undefined>
  readonly #getEntry: Answer<typeof Operation.get, Entry<V> | null>
  readonly #page: Answer<typeof Operation.range, Page<V>>
  readonly #transaction: Answer<typeof Operation.transaction, TransactionResult<Entry<V>>>

  constructor({ codec, maxValueBytes }: EncodingOptions<V>) {
    this.#codec = codec
    this.#maxValueBytes = maxValueBytes
    this.#get = { operation: Operation.get, of: ({ entry }) => (entry === null ? undefined : decodeValue(codec, entry.value)) }
    this.#getEntry = { operation: Operation.get, of: ({ entry }) => (entry === null ? null : decodeEntry(entry, codec)) }
    this.#page = { operation: Operation.range, of: (result) => decodePage(result, codec) }
    this.#transaction = { operation: Operation.transaction, of: (result) => decodeTransactionResult(result, codec) }
  }

  get(key: Key, options: ReadOptions = NO_OPTIONS): Promise<V | undefined> {
    return this.askForKey(this.#get, () => encodeKey(key), options)
  }

  getEntry(key: Key, options: ReadOptions = NO_OPTIONS): Promise<Entry<V> | null> {
    return this.askForKey(this.#getEntry, () => encodeKey(key), options)
  }

  page(options: PageOptions = NO_OPTIONS): Promise<Page<V>> {
    return this.askForRange(this.#page, () => encodeRange(options), options)
  }

  async *range(options: RangeOptions = NO_OPTIONS): AsyncGenerator<Entry<V>, void, undefined> {
    yield* readPages(options, (selection) => this.page(selection))
  }

  put(key: Key, value: V, options: WriteOptions = NO_OPTIONS): Promise<PutResult> {
    return this.command(PUT, () => encodePut(encodeKey(key), this.#value(value)), options)
  }

  delete(key: Key, options: WriteOptions = NO_OPTIONS): Promise<DeleteResult> {
    return this.command(DELETE, () => encodeDelete(encodeKey(key)), options)
  }

  compareAndSet(key: Key, prevRevision: number, value: V, options: WriteOptions = NO_OPTIONS): Promise<CompareAndSetResult> {
    const encode = () => encodeCompareAndSet(encodeKey(key), checkRevision(prevRevision), this.#value(value))
    return this.command(COMPARE_AND_SET, encode, options)
  }

  transaction(transaction: Transaction<V, Key>, options: WriteOptions = NO_OPTIONS): Promise<TransactionResult<Entry<V>>> {
    const encode = () => encodeTransaction(encodeTransactionInput(transaction, this.#codec, this.#maxValueBytes))
    return this.command(this.#transaction, encode, options)
  }

  /** Has a command carried out. */
  protected abstract command<O extends WriteOperation, T>(answer: Answer<O, T>, encode: () => Uint8Array, options: WriteOptions): Promise<T>

  /** Reads a key. */
  protected abstract askForKey<T>(answer: Answer<typeof Operation.get, T>, encode: () => Uint8Array, options: ReadOptions): Promise<T>

  /** Reads a range. */
  protected abstract askForRange<T>(answer: Answer<typeof Operation.range, T>, encode: () => Range, options: ReadOptions): Promise<T>

  #value(value: V): Uint8Array {
    return encodeValue(this.#codec, value, this.#maxValueBytes)
  }
}

export type WriteOperation = Exclude<keyof Results, typeof Operation.get | typeof Operation.range>
