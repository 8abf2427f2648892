import type { Route } from './call.js'
import { type Codec, json } from './codec.js'
import { Dispatcher, type Holdings } from './dispatcher.js'
import { decodeEntry, type Entry, encodeRangeQuery, type Page, type RangeSelection } from './entry.js'
import { ClientError, ConfigurationError, NoLeaderError, ProtocolError, TimeoutError } from './errors.js'
import { decodeValue, encodeKey, encodeValue, type Key } from './keys.js'
import {
  type CallOptions,
  type ClientOptions,
  checkSignal,
  checkTimeout,
  type ReadOptions,
  resolveOptions,
  type WriteOptions,
} from './options.js'
import type { Clock } from './ports.js'
import { encodeCompareAndSet, encodeDelete, encodePut, encodeTransaction } from './protocol/command.js'
import { type Consistency, ConsistencyCode, encodeGet, encodeRange, RequestKind } from './protocol/request.js'
import { decodeStatus, ResponseKind, type StatusResult } from './protocol/response.js'
import {
  type CompareAndSetResult,
  type DeleteResult,
  decodeCompareAndSetResult,
  decodeDeleteResult,
  decodeGetResult,
  decodePutResult,
  decodeRangeResult,
  decodeTransactionResult,
  type PutResult,
} from './protocol/result.js'
import { type RangeOptions, readRange } from './range.js'
import { type ClientStatistics, Counters } from './statistics.js'
import { decodeTransactionOutput, encodeTransactionInput, revision, type TransactionInput, type TransactionResult } from './transaction.js'

const NO_OPTIONS = {}
const NO_BODY = new Uint8Array(0)

/** What one member said, or why it said nothing. */
export type MemberStatus = { readonly address: string } & (
  | { readonly status: StatusResult; readonly error: null }
  | { readonly status: null; readonly error: ClientError }
)

/** How one kind of request is sent and its answer read. */
interface Shape<T> {
  readonly kind: number
  readonly expected: number
  readonly isWrite: boolean
  readonly decode: (body: Uint8Array) => T
}

const PUT: Shape<PutResult> = write(ResponseKind.Put, decodePutResult)
const DELETE: Shape<DeleteResult> = write(ResponseKind.Delete, decodeDeleteResult)
const COMPARE_AND_SET: Shape<CompareAndSetResult> = write(ResponseKind.CompareAndSet, decodeCompareAndSetResult)
const STATUS: Shape<StatusResult> = { kind: RequestKind.Status, expected: ResponseKind.Status, isWrite: false, decode: decodeStatus }

/**
 * A client of one cluster. It keeps connections to the members, sends to the leader, and follows it when it changes; what it tries
 * again and what it does not is in the README. One client serves a whole process: calls of one turn share one write.
 */
export class RaftClient<V = unknown> {
  readonly #codec: Codec<V>
  readonly #dispatcher: Dispatcher
  readonly #counters = new Counters()
  readonly #clock: Clock
  readonly #requestTimeout: number
  readonly #maxValueBytes: number
  readonly #get: Shape<V | undefined>
  readonly #getEntry: Shape<Entry<V> | undefined>
  readonly #page: Shape<Page<V>>
  readonly #transaction: Shape<TransactionResult<V>>

  /** Connects when the first call needs it. @throws ConfigurationError naming the option that cannot work. */
  constructor(options: ClientOptions<V> & (unknown extends V ? unknown : { readonly codec: Codec<V> })) {
    const resolved = resolveOptions(options)
    const codec = (options.codec ?? json) as Codec<V>
    this.#codec = codec
    this.#clock = resolved.clock
    this.#requestTimeout = resolved.requestTimeout
    this.#maxValueBytes = resolved.maxValueBytes
    this.#dispatcher = new Dispatcher({ ...resolved, counters: this.#counters })
    this.#get = read(RequestKind.Get, ResponseKind.Get, (body) => {
      const { entry } = decodeGetResult(body)
      return entry === null ? undefined : decodeValue(codec, entry.value)
    })
    this.#getEntry = read(RequestKind.Get, ResponseKind.Get, (body) => {
      const { entry } = decodeGetResult(body)
      return entry === null ? undefined : decodeEntry(entry, codec)
    })
    this.#page = read(RequestKind.Range, ResponseKind.Range, (body) => {
      const { revision, entries, more } = decodeRangeResult(body)
      return { revision, entries: entries.map((entry) => decodeEntry(entry, codec)), more }
    })
    this.#transaction = write(ResponseKind.Transaction, (body) => decodeTransactionOutput(decodeTransactionResult(body), codec))
  }

  /** The value of a key; undefined if it does not exist. */
  get(key: Key, options: ReadOptions = NO_OPTIONS): Promise<V | undefined> {
    return this.#read(this.#get, options, (consistency) => encodeGet(encodeKey(key), consistency))
  }

  /** The value of a key with its revisions; undefined if it does not exist. */
  getEntry(key: Key, options: ReadOptions = NO_OPTIONS): Promise<Entry<V> | undefined> {
    return this.#read(this.#getEntry, options, (consistency) => encodeGet(encodeKey(key), consistency))
  }

  /** Stores a value. Its revision is the `modRevision` of the result. */
  put(key: Key, value: V, options: WriteOptions = NO_OPTIONS): Promise<PutResult> {
    return this.#write(PUT, options, () => encodePut(encodeKey(key), this.#value(value)))
  }

  /** Removes a key; `deleted` tells whether it existed. */
  delete(key: Key, options: WriteOptions = NO_OPTIONS): Promise<DeleteResult> {
    return this.#write(DELETE, options, () => encodeDelete(encodeKey(key)))
  }

  /** Stores a value if the key's `modRevision` is `prevRevision`; 0: if the key does not exist. Losing is a result, not an error. */
  compareAndSet(key: Key, prevRevision: number, value: V, options: WriteOptions = NO_OPTIONS): Promise<CompareAndSetResult> {
    return this.#write(COMPARE_AND_SET, options, () => encodeCompareAndSet(encodeKey(key), revision(prevRevision), this.#value(value)))
  }

  /** Does the steps of `do` if all conditions of `if` hold, those of `else` otherwise, as one. */
  transaction(input: TransactionInput<V>, options: WriteOptions = NO_OPTIONS): Promise<TransactionResult<V>> {
    return this.#write(this.#transaction, options, () => encodeTransaction(encodeTransactionInput(input, this.#codec, this.#maxValueBytes)))
  }

  /**
   * All entries of a range, in bytewise order of their keys, read page by page: each page is as consistent as asked for, but a
   * write between two pages shows in the later one only. `timeout` is for each page.
   */
  async *range(options: RangeOptions = NO_OPTIONS): AsyncGenerator<Entry<V>, void, undefined> {
    yield* readRange(options, (selection) => this.page(selection))
  }

  /** One answer to a range: as many entries as `limit` and the cluster allow at once. */
  page(options: RangeSelection & ReadOptions = NO_OPTIONS): Promise<Page<V>> {
    return this.#read(this.#page, options, (consistency) => encodeRange(encodeRangeQuery(options), consistency))
  }

  /** What a member says of itself; without an address, the leader. */
  status(address?: string, options: CallOptions = NO_OPTIONS): Promise<StatusResult> {
    return this.#call(STATUS, address === undefined ? 'leader' : { address }, false, options, () => NO_BODY)
  }

  /** What each known member says of itself; one that cannot be reached has its error. */
  statusOfAll(options: CallOptions = NO_OPTIONS): Promise<MemberStatus[]> {
    return Promise.all(
      this.#dispatcher.members.addresses.map((address) =>
        this.status(address, options).then(
          (status): MemberStatus => ({ address, status, error: null }),
          (error: unknown): MemberStatus => {
            if (!(error instanceof ClientError)) throw error
            return { address, status: null, error }
          },
        ),
      ),
    )
  }

  /** The status of the leader, as soon as there is one. @throws TimeoutError when none was found in time. */
  async waitForLeader(options: CallOptions = NO_OPTIONS): Promise<StatusResult> {
    const timeout = checkTimeout('timeout', options.timeout, this.#requestTimeout)
    const deadline = this.#clock.now() + timeout
    for (let left = timeout; left > 0; left = deadline - this.#clock.now()) {
      const status = await this.status(undefined, { ...options, timeout: left })
      if (status.role === 'leader') return status
      this.#dispatcher.members.doubtLeader()
    }
    throw new TimeoutError(timeout, new NoLeaderError(this.#dispatcher.members.whyNoLeader()))
  }

  /** Closes all connections. What waits rejects with `ClosedError`; writes that were sent, with `OutcomeUnknownError`. */
  async close(): Promise<void> {
    this.#dispatcher.close()
  }

  statistics(): ClientStatistics {
    const { pending, pendingBytes, waiting, waitingBytes, members } = this.#dispatcher
    const { retries, ...counters } = this.#counters
    return { ...counters, retries: { ...retries }, pending, pendingBytes, waiting, waitingBytes, leader: members.leader?.address ?? null }
  }

  /** @internal What is held for calls: nothing, once all are settled. For the simulation. */
  holdings(): Holdings {
    return this.#dispatcher.holdings()
  }

  #value(value: V): Uint8Array {
    return encodeValue(this.#codec, value, this.#maxValueBytes)
  }

  #read<T>(shape: Shape<T>, options: ReadOptions, encode: (consistency: Consistency) => Uint8Array): Promise<T> {
    const consistency = options.consistency ?? 'linearizable'
    return this.#call(shape, consistency === 'local' ? 'any' : 'leader', false, options, () => {
      if (!Object.hasOwn(ConsistencyCode, consistency)) throw new ConfigurationError(`consistency: unknown ${String(consistency)}`)
      return encode(consistency)
    })
  }

  #write<T>(shape: Shape<T>, options: WriteOptions, encode: () => Uint8Array): Promise<T> {
    return this.#call(shape, 'leader', options.idempotent ?? false, options, encode)
  }

  #call<T>(shape: Shape<T>, route: Route, idempotent: boolean, options: CallOptions, encode: () => Uint8Array): Promise<T> {
    // What is thrown in here becomes the rejection.
    return new Promise((resolve, reject) => {
      this.#dispatcher.submit({
        kind: shape.kind,
        body: encode(),
        route,
        isWrite: shape.isWrite,
        idempotent,
        timeout: checkTimeout('timeout', options.timeout, this.#requestTimeout),
        signal: checkSignal(options.signal),
        onResult: (kind, body) => {
          if (kind !== shape.expected) throw new ProtocolError(`an answer of kind ${kind} where ${shape.expected} was due`)
          settleWith(shape.decode, body, resolve, reject)
        },
        onError: reject,
      })
    })
  }
}

/** A value that the codec cannot read is the caller's matter; an answer that cannot be read is the connection's. */
function settleWith<T>(
  decode: (body: Uint8Array) => T,
  body: Uint8Array,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
): void {
  let value: T
  try {
    value = decode(body)
  } catch (error) {
    if (error instanceof ProtocolError) throw error
    reject(error)
    return
  }
  resolve(value)
}

function write<T>(expected: number, decode: (body: Uint8Array) => T): Shape<T> {
  return { kind: RequestKind.Write, expected, isWrite: true, decode }
}

function read<T>(kind: number, expected: number, decode: (body: Uint8Array) => T): Shape<T> {
  return { kind, expected, isWrite: false, decode }
}
