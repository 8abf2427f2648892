import { ErrorCode } from '@raft/client/protocol'
import {
  AbortedError,
  type Answer,
  type CallOptions,
  ClosedError,
  type Codec,
  CommandTooLargeError,
  checkConsistency,
  checkSignal,
  checkTimeout,
  EncodedStore,
  NoLeaderError,
  type Operation,
  OutcomeUnknownError,
  OverloadedError,
  ProtocolError,
  type Range,
  type ReadOptions,
  RefusedError,
  type Results,
  TimeoutError,
  type WriteOperation,
  type WriteOptions,
} from '@raft/commands'
import * as core from '@raft/core'
import type { KeyValueService } from './key-value-service.js'

/** The calls of the member's service that the store makes. */
export type EmbeddedService = Pick<KeyValueService, 'write' | 'get' | 'range'>

export interface EmbeddedStoreOptions<V> {
  /** How values become bytes. */
  readonly codec: Codec<V>
  /** The member's service; null while the member does not run. */
  readonly service: () => EmbeddedService | null
  /** For calls that name no `timeout`, in ms. */
  readonly requestTimeout: number
}

/** The `Store` of a member, for the program that the member is embedded in. A write is handed on once, whether it is idempotent or not. */
export class EmbeddedStore<V = unknown> extends EncodedStore<V> {
  readonly #options: EmbeddedStoreOptions<V>

  constructor(options: EmbeddedStoreOptions<V>) {
    // The member itself refuses a command that is too large.
    super({ codec: options.codec, maxValueBytes: Number.POSITIVE_INFINITY })
    this.#options = options
  }

  protected override command<O extends WriteOperation, T>(
    answer: Answer<O, T>,
    encode: () => Uint8Array,
    options: WriteOptions,
  ): Promise<T> {
    return this.#ask(answer, true, options, (service, timeout) => service.write(encode(), timeout) as Promise<Results[O]>)
  }

  protected override askForKey<T>(answer: Answer<typeof Operation.get, T>, encode: () => Uint8Array, options: ReadOptions): Promise<T> {
    // The key is asked for after a wait, and the caller may change its bytes meanwhile.
    return this.#ask(answer, false, options, (service, timeout) =>
      service.get(Buffer.from(encode()), checkConsistency(options.consistency), timeout),
    )
  }

  protected override askForRange<T>(answer: Answer<typeof Operation.range, T>, encode: () => Range, options: ReadOptions): Promise<T> {
    return this.#ask(answer, false, options, (service, timeout) =>
      service.range(copyOf(encode()), checkConsistency(options.consistency), timeout),
    )
  }

  #ask<O extends keyof Results, T>(
    answer: Answer<O, T>,
    isWrite: boolean,
    options: CallOptions,
    ask: (service: EmbeddedService, timeout: number) => Promise<Results[O]>,
  ): Promise<T> {
    // An error that is thrown in here becomes the rejection.
    return new Promise((resolve, reject) => {
      const timeout = checkTimeout('timeout', options.timeout, this.#options.requestTimeout)
      const signal = checkSignal(options.signal)
      if (signal?.aborted) throw new AbortedError(false, signal.reason)
      const service = this.#options.service()
      if (service === null) throw new ClosedError(STOPPED)
      const asked = ask(service, timeout).then(answer.of)
      const abort = () => reject(new AbortedError(isWrite, signal?.reason))
      signal?.addEventListener('abort', abort, { once: true })
      asked.then(resolve, (error: unknown) => reject(translated(error, timeout))).finally(() => signal?.removeEventListener('abort', abort))
    })
  }
}

const STOPPED = 'the member is stopped'

/** No leader was found in time, or the leader was asked too late. */
const TOO_LATE: readonly string[] = [ErrorCode.NoLeader, ErrorCode.DeadlineExceeded]

/** An error of the member as a `Store` has it. */
function translated(error: unknown, timeout: number): unknown {
  if (!(error instanceof core.RaftError)) return error
  // By their codes: what the leader says to a member that forwards comes as a RefusedError.
  const { code, message } = error
  if (error instanceof core.OutcomeUnknownError) return new OutcomeUnknownError(message, { cause: error })
  if (code === ErrorCode.Overloaded) return new OverloadedError(message)
  if (code === ErrorCode.TooLarge) return new CommandTooLargeError(message)
  if (error instanceof core.NodeStoppedError) return new ClosedError(message, { cause: error.cause ?? error })
  if (TOO_LATE.includes(code)) return new TimeoutError(timeout, new NoLeaderError(message))
  if (code === 'RAFT_PROTOCOL') return new ProtocolError(message, { cause: error })
  return new RefusedError(code, message)
}

function copyOf({ prefix, after, ...rest }: Range): Range {
  return {
    ...rest,
    ...(prefix === undefined ? {} : { prefix: Buffer.from(prefix) }),
    ...(after === undefined ? {} : { after: Buffer.from(after) }),
  }
}
