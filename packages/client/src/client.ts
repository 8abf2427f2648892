import {
  type Answer,
  type CallOptions,
  type Codec,
  checkConsistency,
  checkSignal,
  checkTimeout,
  decodeResult,
  EncodedStore,
  json,
  NoLeaderError,
  type Operation,
  ProtocolError,
  type Range,
  type ReadOptions,
  type Results,
  StoreError,
  TimeoutError,
  type WriteOperation,
  type WriteOptions,
} from '@raft/commands'
import type { Route } from './call.js'
import { Dispatcher, type Holdings } from './dispatcher.js'
import { type ClientOptions, resolveOptions } from './options.js'
import type { Clock } from './ports.js'
import { encodeGet, encodeRange, RequestKind } from './protocol/request.js'
import { decodeStatus, ResponseKind, type StatusResult } from './protocol/response.js'
import { type ClientStatistics, Counters } from './statistics.js'

const NO_OPTIONS = {}
const NO_BODY = new Uint8Array(0)

/** What one member said, or why it said nothing. */
export type MemberStatus = { readonly address: string } & (
  | { readonly status: StatusResult; readonly error: null }
  | { readonly status: null; readonly error: StoreError }
)

/** How one kind of request is sent and its answer read. */
interface Shape<T> {
  readonly kind: number
  readonly expected: number
  readonly isWrite: boolean
  readonly decode: (body: Uint8Array) => T
}

const STATUS: Shape<StatusResult> = { kind: RequestKind.Status, expected: ResponseKind.Status, isWrite: false, decode: decodeStatus }

/**
 * A client of one cluster. It keeps connections to the members, sends to the leader, and follows it when it changes; what it tries
 * again and what it does not is in the README. One client serves a whole process: calls of one turn share one write.
 */
export class RaftClient<V = unknown> extends EncodedStore<V> {
  readonly #dispatcher: Dispatcher
  readonly #counters = new Counters()
  readonly #clock: Clock
  readonly #requestTimeout: number

  /** Connects when the first call needs it. @throws ConfigurationError naming the option that cannot work. */
  constructor(options: ClientOptions<V> & (unknown extends V ? unknown : { readonly codec: Codec<V> })) {
    const resolved = resolveOptions(options)
    super({ codec: (options.codec ?? json) as Codec<V>, maxValueBytes: resolved.maxValueBytes })
    this.#clock = resolved.clock
    this.#requestTimeout = resolved.requestTimeout
    this.#dispatcher = new Dispatcher({ ...resolved, counters: this.#counters })
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
            if (!(error instanceof StoreError)) throw error
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

  protected override command<O extends WriteOperation, T>(
    answer: Answer<O, T>,
    encode: () => Uint8Array,
    options: WriteOptions,
  ): Promise<T> {
    return this.#call(shapeOf(RequestKind.Write, true, answer), 'leader', options.idempotent ?? false, options, encode)
  }

  protected override askForKey<T>(answer: Answer<typeof Operation.get, T>, encode: () => Uint8Array, options: ReadOptions): Promise<T> {
    const query = () => encodeGet(encode(), checkConsistency(options.consistency))
    return this.#call(shapeOf(RequestKind.Get, false, answer), routeOf(options), false, options, query)
  }

  protected override askForRange<T>(answer: Answer<typeof Operation.range, T>, encode: () => Range, options: ReadOptions): Promise<T> {
    const query = () => encodeRange(encode(), checkConsistency(options.consistency))
    return this.#call(shapeOf(RequestKind.Range, false, answer), routeOf(options), false, options, query)
  }

  #call<T>(shape: Shape<T>, route: Route, idempotent: boolean, options: CallOptions, encode: () => Uint8Array): Promise<T> {
    // An error that is thrown in here becomes the rejection.
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

function shapeOf<O extends keyof Results, T>(kind: number, isWrite: boolean, { operation, of }: Answer<O, T>): Shape<T> {
  return { kind, expected: operation, isWrite, decode: (body) => of(decodeResult(operation, body)) }
}

/** Any member may be asked for what it has applied. */
function routeOf({ consistency }: ReadOptions): Route {
  return consistency === 'local' ? 'any' : 'leader'
}
