import type { UdpCounters } from './counters.js'
import type { ResolvedOptions } from './options.js'
import type { SecretKeys } from './secrets.js'
import type { DatagramSocket } from './socket.js'

/** What the parts of one transport share. It calls nobody: what a part tells another goes by the events that it is made with. */
export interface TransportContext {
  readonly options: ResolvedOptions
  readonly counters: UdpCounters
  /** For the plaintext of a datagram in the making; shared by all sessions, as none keeps it. */
  readonly scratch: Uint8Array
  /** Drawn at every start, so that a peer notices a restart. */
  readonly boot: Uint8Array
  /** The first begins handshakes, and the others after it. */
  readonly keys: readonly SecretKeys[]
  /** The keys of members before this version, which cannot read what this one begins: they only answer. */
  readonly formerKeys: readonly SecretKeys[]
  /** The socket at which this member is reached; null before `start` and after `close`. */
  readonly main: DatagramSocket | null
}
