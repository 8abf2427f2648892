import type { Codec } from './codec.js'
import { ConfigurationError } from './errors.js'
import type { Clock, Connector } from './ports.js'
import { DEFAULT_MAX_BODY_BYTES, DEFAULT_MAX_FRAME_BYTES } from './protocol/frame-decoder.js'
import type { Consistency } from './protocol/request.js'
import { parseAddress, systemClock, tcpConnector } from './system.js'

export interface ClientOptions<V> {
  /** Client addresses of some members, `host:port`; the others are learned from them. */
  readonly members: readonly string[]
  /** How values become bytes. Default `json`. */
  readonly codec?: Codec<V>
  /** Milliseconds for a call that names no `timeout`, all its attempts together. Default 10,000. */
  readonly requestTimeout?: number
  /**
   * Milliseconds for a connection and the member's preamble, and for a sign of life of a member that owes answers: after that its
   * connection is given up, unless a write was sent over it that may not be sent again. Default 1,000.
   */
  readonly connectTimeout?: number
  /**
   * Milliseconds after which a member that owes answers and sends nothing is given up, whatever was sent to it. Default 5,000. It is
   * not trusted any more after a tenth: reads are then asked of another member, and new calls are not sent to it.
   */
  readonly silenceTimeout?: number
  /** Milliseconds between rounds of looking for the leader: the first, and the most. Default 20 and 1,000. */
  readonly minBackoff?: number
  readonly maxBackoff?: number
  /** Requests, and bytes of them, that may be sent and not answered; further calls wait. Default 8,192 and 32 MiB. */
  readonly maxPending?: number
  readonly maxPendingBytes?: number
  /** Calls, and bytes of them, that may wait; further ones reject with `OverloadedError`. Default 100,000 and 256 MiB. */
  readonly maxWaiting?: number
  readonly maxWaitingBytes?: number
  /** The largest value, in bytes. Default 64 MiB; the cluster may allow less. */
  readonly maxValueBytes?: number
  /** Default: TCP. */
  readonly connector?: Connector
  /** Default: the system's. */
  readonly clock?: Clock
  /** Default: `Math.random`. */
  readonly random?: () => number
}

/** What every call takes. */
export interface CallOptions {
  /** Milliseconds for all attempts together; Infinity: no limit. Default `requestTimeout`. */
  readonly timeout?: number
  /** Gives the call up. A write that was sent may take effect all the same: see `AbortedError.outcomeUnknown`. */
  readonly signal?: AbortSignal
}

export interface ReadOptions extends CallOptions {
  /** Default `linearizable`. */
  readonly consistency?: Consistency
}

export interface WriteOptions extends CallOptions {
  /**
   * Allows the client to send the write again although an earlier attempt may have taken effect. It may then take effect more
   * than once, also *after* later writes of others, whose effect it undoes: say so only where nobody else writes the key, or where
   * the last of several repeats may win. Default false: the call rejects with `OutcomeUnknownError` instead.
   */
  readonly idempotent?: boolean
}

/** From here on a timer would overflow: as good as never. */
const FOREVER = 2 ** 31 - 1

/** @throws ConfigurationError naming the option and what was expected. */
export function resolveOptions<V>(options: ClientOptions<V>) {
  if (!Array.isArray(options.members) || options.members.length === 0)
    throw new ConfigurationError('members: at least one address is needed, like 127.0.0.1:8001')
  const connector = options.connector ?? tcpConnector
  if (connector === tcpConnector) for (const address of options.members) parseAddress(address)
  const minBackoff = positive('minBackoff', options.minBackoff, 20)
  if (minBackoff < 1) throw new ConfigurationError(`minBackoff: at least 1 was expected, not ${minBackoff}`)
  return {
    addresses: options.members,
    connector,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    requestTimeout: checkTimeout('requestTimeout', options.requestTimeout, 10_000),
    connectTimeout: positive('connectTimeout', options.connectTimeout, 1_000),
    silenceTimeout: positive('silenceTimeout', options.silenceTimeout, 5_000),
    minBackoff,
    maxBackoff: Math.max(minBackoff, positive('maxBackoff', options.maxBackoff, 1_000)),
    maxPending: positive('maxPending', options.maxPending, 8_192),
    maxPendingBytes: positive('maxPendingBytes', options.maxPendingBytes, 32 * 1024 * 1024),
    maxWaiting: positive('maxWaiting', options.maxWaiting, 100_000),
    maxWaitingBytes: positive('maxWaitingBytes', options.maxWaitingBytes, 256 * 1024 * 1024),
    maxValueBytes: positive('maxValueBytes', options.maxValueBytes, DEFAULT_MAX_BODY_BYTES),
    maxFrameBytes: DEFAULT_MAX_FRAME_BYTES,
  }
}

/** @throws ConfigurationError unless it is over 0; what no timer can hold is Infinity. */
export function checkTimeout(name: string, value: number | undefined, byDefault: number): number {
  if (value === Number.POSITIVE_INFINITY) return value
  const timeout = positive(name, value, byDefault)
  return timeout >= FOREVER ? Number.POSITIVE_INFINITY : timeout
}

/** @throws ConfigurationError for what is no AbortSignal. */
export function checkSignal(signal: AbortSignal | undefined): AbortSignal | null {
  if (signal === undefined || signal === null) return null
  if (typeof signal.aborted !== 'boolean' || typeof signal.addEventListener !== 'function')
    throw new ConfigurationError('signal: an AbortSignal was expected')
  return signal
}

function positive(name: string, value: number | undefined, byDefault: number): number {
  if (value === undefined) return byDefault
  if (typeof value !== 'number' || !(value > 0) || value === Number.POSITIVE_INFINITY)
    throw new ConfigurationError(`${name}: a number over 0 was expected, not ${String(value)}`)
  return value
}
