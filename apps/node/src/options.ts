import { inspect } from 'node:util'
import type { Codec, StoreResult } from '@raft/commands'
import type { Clock, Following, Leadership, LogStorage, MemberId, Random, StateMachine, Transport, Tuning } from '@raft/core'
import type { StorageName } from './config/schema.js'
import type { ReadableStore } from './store/key-value-service.js'
import type { DigestSteps } from './store/shared-digest.js'

/** Where a member is reached. */
export interface MemberAddresses {
  /** `host:port` for the other members, UDP. */
  readonly peer: string
  /** `host:port` for clients, and for requests that other members forward, which are sealed with the secret; TCP. Without it the member serves nobody outside. */
  readonly client?: string
}

/** What the member writes its log to; a pino logger is one. */
export interface NodeLogger {
  /** Events that are repeated and serve only the search for a fault. Default: they are dropped. */
  debug?(details: object, message: string): void
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

/** A state machine in the place of KeyValueStore: it takes the same commands and answers the same reads. */
export interface LocalStore extends StateMachine<StoreResult>, ReadableStore {
  /** How many keys there are. */
  readonly size: number
  /** Equal on members whose states are equal. */
  digest(): string
  /** The same in steps, for `GET /v1/status?digest`. Default: it is made at once, and nothing else runs meanwhile. */
  beginDigest?(): DigestSteps
}

/** Times in ms, sizes in bytes. */
export interface CreateNodeOptions<V = unknown> extends Partial<Tuning> {
  readonly id: MemberId
  /** All members of the cluster, this one included, by id: the same at every start. Their addresses may change. */
  readonly members: Readonly<Record<MemberId, MemberAddresses>>
  /**
   * Members of different clusters do not talk to each other, and a directory of another cluster is refused. Default: the one that
   * the directory was formatted with, which is derived from the member ids and the first secret when that is done; with a storage
   * of your own, derived from the member ids alone.
   */
  readonly clusterId?: string
  /**
   * What all members share, 16 bytes or more. Several for rotation: the first is used, all are accepted. Not needed with `transport`;
   * without it requests are forwarded to other members in plain text.
   */
  readonly secret?: string | Uint8Array | readonly (string | Uint8Array)[]
  /** The directory of the durable log; made where it does not exist. Not needed with a storage of your own. */
  readonly dataDir?: string
  /** Where to listen, if not at the member's own addresses. */
  readonly bind?: { readonly peer?: string; readonly client?: string }
  /**
   * Names of hosts under which HTTP may be asked for, without ports, besides those of the member's own client address and bind, of
   * loopback, and any IP address; `*` for any name. Requests under other names are refused, for pages of the web can give a name of
   * their own to the member's address. Default: none.
   */
  readonly allowedHosts?: readonly string[]
  /**
   * This member leads and has applied all that was committed before: it may act as leader until the signal aborts. That is no mutual
   * exclusion by itself: a member that was paused learns late that another leads. The term is the fencing token: what the leader changes
   * must refuse an older one, by `compareAndSet` where it is in the store.
   */
  readonly onLeader?: (leadership: Leadership) => unknown
  /** This member follows, at first or after it led. */
  readonly onFollower?: (following: Following) => unknown
  /** How long a request waits for a leader and its answer. Default 5000. */
  readonly requestTimeout?: number
  /** A client's connection that asks for nothing is closed after this long. Default 300,000. */
  readonly idleTimeout?: number
  /** How long `stop` lets requests finish. Default 3000. */
  readonly stopTimeout?: number
  /** The largest value that HTTP takes. Default 8 MiB. Commands from the client protocol may be twice as large. */
  readonly maxValueBytes?: number
  /** Default 65,536. */
  readonly maxPendingProposals?: number
  /** Default 128 MiB. */
  readonly maxPendingBytes?: number
  /**
   * Bytes held for clients: requests while they come, wait or are forwarded, results, and answers that are not yet taken. Beyond it
   * requests are refused. Default 256 MiB.
   */
  readonly maxHeldBytes?: number
  /** Connections of clients at one time; those of members do not count. Default 10,000. */
  readonly maxConnections?: number
  /**
   * The largest datagram between members, 256 to 65,507. Default: what the interface to each member carries, and less where that does
   * not get through.
   */
  readonly maxDatagramBytes?: number
  /**
   * What the log in `dataDir` is kept in, or a storage of your own. Default: `'file'`. `'lmdb'` needs the package `lmdb`, and
   * `'level'` the package `classic-level`. With a storage of your own nothing is known of its directory: a lost or copied disk is
   * not noticed, nor are other members than before.
   */
  readonly storage?: StorageName | LogStorage
  /** How the values of `put`, `get` and the other calls become bytes. Default `json`. */
  readonly codec?: Codec<V>
  /** Default: a new KeyValueStore. */
  readonly stateMachine?: LocalStore
  /** Default: UdpTransport. One that is given is started and stopped by whoever made it. */
  readonly transport?: Transport
  readonly clock?: Clock
  readonly random?: Random
  /** Default: errors are told on stderr, such as those of callbacks and the one that the member dies of; nothing else is. */
  readonly logger?: NodeLogger
}

export const defaults = {
  requestTimeout: 5000,
  idleTimeout: 300_000,
  stopTimeout: 3000,
  maxValueBytes: 8 * 1024 * 1024,
  maxPendingProposals: 65_536,
  maxPendingBytes: 128 * 1024 * 1024,
  maxHeldBytes: 256 * 1024 * 1024,
  maxConnections: 10_000,
} as const

/** For a member without a logger: what would be known to nobody otherwise. */
export function errorsTo(write: (text: string) => void): NodeLogger {
  return {
    info() {},
    warn() {},
    error(details, message) {
      const { err } = details as { readonly err?: unknown }
      const reason = err instanceof Error ? (err.stack ?? err.message) : err === undefined ? '' : inspect(err)
      write(`raft: ${message}${reason === '' ? '' : `: ${reason}`}\n`)
    },
  }
}
