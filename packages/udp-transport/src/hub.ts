import type { MemberId } from '@raft/core'
import type { UdpCounters } from './counters.js'
import type { HandshakeDatagram } from './datagram.js'
import type { TransportRefusal } from './identity.js'
import type { ResolvedOptions } from './options.js'
import type { Peer } from './peer.js'
import type { TransportProblem } from './problems.js'
import type { SecretKeys } from './secrets.js'
import type { Session } from './session.js'
import type { DatagramSocket, Endpoint } from './socket.js'

/** What the peers of one transport share. */
export interface Hub {
  readonly options: ResolvedOptions
  readonly counters: UdpCounters
  readonly scratch: Uint8Array
  /** Drawn at every start, so that a peer notices a restart. */
  readonly boot: Uint8Array
  /** The first begins handshakes, and the others after it. */
  readonly keys: readonly SecretKeys[]
  /** Those of members before this version, which cannot read what this one begins: they only answer. */
  readonly formerKeys: readonly SecretKeys[]
  /** Null before `start` and after `close`. */
  readonly main: DatagramSocket | null
  /** The open sessions, by the id under which peers address them. */
  readonly sessions: Map<number, { readonly peer: Peer; readonly session: Session }>
  /** Has `peer.flush` called at the end of this turn. */
  schedule(peer: Peer): void
  deliver(from: MemberId, message: Uint8Array): void
  onDatagram(bytes: Uint8Array, from: Endpoint): void
  onUnreachable(peer: MemberId): void
  /** Tells the owner, who is not told the same again and again. */
  report(problem: TransportProblem): void
  /** A handshake has come under a secret that is not accepted, or that of another cluster. */
  onUnknownSecret(step: HandshakeDatagram, from: Endpoint): void
  /** A hello that was not meant for this member. */
  onMisdirected(hello: HandshakeDatagram, from: Endpoint): void
  /** Another member refuses this one, for good. */
  onRefused(refusal: TransportRefusal): void
  /** A start of another member cannot be remembered: nothing can be taken from anybody any more. */
  onForgetful(): void
  /** The part of the receive buffer that `peer`, who is sending, may fill. */
  receiveWindow(peer: Peer, now: number): number
}
