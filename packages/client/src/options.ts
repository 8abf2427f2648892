import { type Codec, ConfigurationError, checkTimeout, positive } from '@raft/commands'
import type { Clock, Connector } from './ports.js'
import { DEFAULT_MAX_BODY_BYTES, DEFAULT_MAX_FRAME_BYTES } from './protocol/frame-decoder.js'
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
