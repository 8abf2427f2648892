import { randomBytes } from 'node:crypto'
import { type Clock, ConfigurationError, type MemberId } from '@raft/core'
import { type HostPort, nodeClock, parseHostPort } from '@raft/system'
import type { TransportIdentity } from './identity.js'
import { nodeSockets } from './node-sockets.js'
import type { TransportPresence } from './presence.js'
import type { TransportProblem } from './problems.js'
import { checkSecrets, type Secret } from './secrets.js'
import { MAX_DATAGRAM_BYTES } from './sending/kernel-cost.js'
import type { DatagramSockets } from './socket.js'

/** Exactly one of `secrets` and `insecurePlainText` must be given. Times are in milliseconds. */
export interface UdpTransportOptions {
  /** This member. */
  readonly id: MemberId
  /** Members of different clusters do not understand each other, even with the same secret. */
  readonly clusterId: string
  /** Where to receive: `host:port`, `[ipv6]:port` or the parts. Port 0 lets the system choose: see `UdpTransport.local`. */
  readonly bind: string | HostPort
  /**
   * Handshakes begin with the first; all are accepted, so that a secret is changed one member at a time. At least 16 bytes
   * each. 32 bytes or more as a Uint8Array are used as a key, and so are the 32 bytes that a text of 64 hexadecimal digits stands
   * for, which must be random; anything else is a passphrase and passes through scrypt.
   */
  readonly secrets?: readonly Secret[]
  /** No secrecy and no authentication: whoever reaches the port is believed. Only for networks that protect themselves. */
  readonly insecurePlainText?: boolean
  /**
   * The largest UDP payload that is sent or asked for, in bytes, 256 to 65,507. Default: what the interface to each peer carries, 1,200
   * where that is not known; less where a path loses larger ones.
   */
  readonly maxDatagramBytes?: number
  /** Messages above this are dropped and counted. Default 256 MiB. */
  readonly maxMessageBytes?: number
  /** Bytes of AppendEntries that may wait for one member, unless a single one is larger. Default 64 MiB. */
  readonly maxQueuedBytes?: number
  /** A session whose stream makes no progress for so long is given up, with all that waits in it. Default 10,000. */
  readonly deliveryTimeout?: number
  /** A member that sends nothing for so long although it was sent something is asked whether it still has the session. Default 1,000. */
  readonly silenceTimeout?: number
  /** A session is replaced after so many datagrams. Default 2^40. */
  readonly maxSessionDatagrams?: number
  /**
   * On which directory this member runs, and what it remembers of the others: with it a member that has lost its disk, or runs on
   * a copy of its directory, is refused by those that remember it. Default: nothing is said, and nobody is refused.
   */
  readonly identity?: TransportIdentity
  /**
   * Told what the owner should know, such as a path that loses large datagrams. The same problem with the same peer is told again
   * after ten minutes at the earliest. Must not throw. Default: nobody is told.
   */
  readonly onProblem?: (problem: TransportProblem) => void
  /**
   * Told when a member is heard for the first time or again, and when it has gone: it has answered nothing for two seconds. Not told of
   * every one where they are many. A member that nobody has anything to say to is not missed. Must not throw. Default: nobody is told.
   */
  readonly onPresence?: (presence: TransportPresence) => void
  /** Default: node:dgram. */
  readonly socket?: DatagramSockets
  /** Default: this process's. */
  readonly clock?: Clock
  /** Must be unpredictable, except in a simulation. Default: node:crypto. */
  readonly randomBytes?: (length: number) => Uint8Array
}

type Changed = 'bind' | 'insecurePlainText' | 'maxDatagramBytes' | 'identity' | 'socket'

export interface ResolvedOptions extends Required<Omit<UdpTransportOptions, Changed>> {
  readonly bind: HostPort
  readonly plain: boolean
  readonly maxDatagramBytes: number | null
  readonly identity: TransportIdentity | null
  readonly sockets: DatagramSockets
}

/** @throws ConfigurationError naming the option and what was expected. */
export function resolveOptions(options: UdpTransportOptions): ResolvedOptions {
  checkName('id', options.id)
  checkName('clusterId', options.clusterId)
  const plain = options.insecurePlainText === true
  if (plain && options.secrets !== undefined) throw new ConfigurationError('secrets and insecurePlainText exclude each other: give one')
  if (!plain) {
    if (options.secrets === undefined)
      throw new ConfigurationError(
        'secrets is missing: give the secret that all members share (or, to do without, insecurePlainText: true)',
      )
    checkSecrets(options.secrets)
  }
  const bind = typeof options.bind === 'string' ? addressIn(options.bind) : options.bind
  if (!Number.isInteger(bind.port) || bind.port < 0 || bind.port > 65_535)
    throw new ConfigurationError(`bind has port ${bind.port}: expected 0 to 65535`)
  return {
    id: options.id,
    clusterId: options.clusterId,
    bind,
    secrets: options.secrets ?? [],
    plain,
    maxDatagramBytes:
      options.maxDatagramBytes === undefined ? null : integer('maxDatagramBytes', options.maxDatagramBytes, 256, MAX_DATAGRAM_BYTES),
    maxMessageBytes: integer('maxMessageBytes', options.maxMessageBytes ?? 2 ** 28, 1024, 2 ** 31),
    maxQueuedBytes: integer('maxQueuedBytes', options.maxQueuedBytes ?? 2 ** 26, 1024, 2 ** 40),
    deliveryTimeout: integer('deliveryTimeout', options.deliveryTimeout ?? 10_000, 1, 3_600_000),
    silenceTimeout: integer('silenceTimeout', options.silenceTimeout ?? 1_000, 1, 3_600_000),
    maxSessionDatagrams: integer('maxSessionDatagrams', options.maxSessionDatagrams ?? 2 ** 40, 16, 2 ** 46),
    identity: options.identity ?? null,
    ...surroundings(options),
  }
}

function surroundings(options: UdpTransportOptions) {
  return {
    onProblem: options.onProblem ?? (() => {}),
    onPresence: options.onPresence ?? (() => {}),
    sockets: options.socket ?? nodeSockets,
    clock: options.clock ?? nodeClock,
    randomBytes: options.randomBytes ?? randomBytes,
  }
}

function addressIn(text: string): HostPort {
  const address = parseHostPort(text)
  if (address === null) throw new ConfigurationError(`'${text}' is no address: expected host:port, as in 127.0.0.1:7001 or [::1]:7001`)
  return address
}

function checkName(option: string, value: string): void {
  const bytes = typeof value === 'string' ? Buffer.byteLength(value) : 0
  if (bytes < 1 || bytes > 255 || !value.isWellFormed())
    throw new ConfigurationError(`${option} must be text of 1 to 255 bytes, without lone surrogates`)
}

function integer(option: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most)
    throw new ConfigurationError(`${option} is ${value}: expected a whole number from ${least} to ${most}`)
  return value
}
