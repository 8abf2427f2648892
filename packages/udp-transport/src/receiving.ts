import type { TransportContext } from './context.js'
import {
  DATAGRAM_VERSION,
  DatagramKind,
  decodeHandshake,
  type HandshakeDatagram,
  isAuthentic,
  NO_NONCE,
  OLDEST_DATAGRAM_VERSION,
  PLAIN,
  SEALED_COUNTER_AT,
  SEALED_HEADER_BYTES,
  SEALED_SESSION_AT,
} from './datagram.js'
import type { Peer } from './peer.js'
import type { TransportProblem } from './problems.js'
import type { SecretKeys } from './secrets.js'
import type { Session } from './session.js'
import type { Endpoint } from './socket.js'

export interface ReceivingEvents {
  readonly report: (problem: TransportProblem) => void
  /** A handshake has come under a secret that is not accepted, or that of another cluster. */
  readonly onUnknownSecret: (step: HandshakeDatagram, from: Endpoint) => void
  /** An authentic hello has come that was not meant for this member. */
  readonly onMisdirected: (hello: HandshakeDatagram, from: Endpoint) => void
}

/** Where datagrams arrive: finds the peer and the session that each is for, or counts why it is dropped. */
export class Receiving {
  readonly #context: TransportContext
  readonly #peers: ReadonlyMap<string, Peer>
  readonly #events: ReceivingEvents
  /** The open sessions, by the id under which peers address them. */
  readonly #sessions = new Map<number, { readonly peer: Peer; readonly session: Session }>()

  constructor(context: TransportContext, peers: ReadonlyMap<string, Peer>, events: ReceivingEvents) {
    this.#context = context
    this.#peers = peers
    this.#events = events
  }

  /** How many sessions are open. @internal */
  get sessionCount(): number {
    return this.#sessions.size
  }

  /** Whether datagrams for a session of this id are taken. */
  hasSession(id: number): boolean {
    return this.#sessions.has(id)
  }

  openSession(peer: Peer, session: Session): void {
    this.#sessions.set(session.localId, { peer, session })
  }

  closeSession(session: Session): void {
    this.#sessions.delete(session.localId)
  }

  onDatagram(bytes: Uint8Array, from: Endpoint): void {
    const { counters, options, main } = this.#context
    if (main === null) return
    counters.datagramsReceived += 1
    counters.bytesReceived += bytes.length
    const version = bytes[0] ?? 0
    if (version < OLDEST_DATAGRAM_VERSION || version > DATAGRAM_VERSION) {
      counters.dropped.unknownVersion += 1
      this.#onForeign(from)
      return
    }
    const kind = bytes[1] ?? 0
    if (((kind & PLAIN) !== 0) !== options.plain) this.#onOtherSealing(bytes, from)
    else if ((kind & ~PLAIN) === DatagramKind.Sealed) this.#onSealed(bytes, from)
    else this.#onHandshake(bytes, from)
  }

  #onSealed(bytes: Uint8Array, from: Endpoint): void {
    const { dropped } = this.#context.counters
    if (bytes.length < SEALED_HEADER_BYTES) {
      dropped.malformed += 1
      return
    }
    const found = this.#sessions.get(numberAt(bytes, SEALED_SESSION_AT))
    const counter = numberAt(bytes, SEALED_COUNTER_AT)
    if (found !== undefined && counter >= 0) {
      found.peer.onSealed(found.session, bytes, counter, from)
      return
    }
    dropped.unknownSession += 1
    // A member may be using a session from before this one's restart: meet it.
    for (const peer of this.#peers.values()) peer.establishment.onStrayDatagram()
  }

  #onHandshake(bytes: Uint8Array, from: Endpoint): void {
    const { dropped } = this.#context.counters
    let step: HandshakeDatagram
    try {
      step = decodeHandshake(bytes)
    } catch {
      dropped.malformed += 1
      this.#onForeign(from)
      return
    }
    const { keys: ownKeys, formerKeys } = this.#context
    const keys = [...ownKeys, ...formerKeys].find((known) => known.hint === step.hint)
    if (keys === undefined) {
      dropped.unknownSecret += 1
      this.#events.onUnknownSecret(step, from)
      return
    }
    if (step.to !== this.#context.options.id || step.from === this.#context.options.id) {
      dropped.wrongMember += 1
      if (step.kind === DatagramKind.Hello && isAuthentic(bytes, keys.authenticationKey, NO_NONCE)) this.#events.onMisdirected(step, from)
      return
    }
    if (step.kind === DatagramKind.Hello) {
      this.#onHello(step, bytes, keys, from)
      return
    }
    const peer = this.#peers.get(step.from)
    if (peer === undefined) dropped.staleHandshake += 1
    else if (step.kind === DatagramKind.Answer) peer.establishment.onAnswer(step, bytes, keys, from)
    else if (step.kind === DatagramKind.Confirm) peer.establishment.onConfirm(step, bytes, keys, from)
    else if (step.kind === DatagramKind.Refusal) peer.establishment.onRefusal(step, bytes, keys)
    else dropped.malformed += 1
  }

  #onHello(hello: HandshakeDatagram, bytes: Uint8Array, keys: SecretKeys, from: Endpoint): void {
    const { dropped } = this.#context.counters
    if (!isAuthentic(bytes, keys.authenticationKey, NO_NONCE)) dropped.failedToOpen += 1
    else {
      const peer = this.#peers.get(hello.from)
      if (peer === undefined) this.#refuseStranger(hello.from, from)
      else peer.establishment.onHello(hello, keys, from)
    }
  }

  /** Plain text where secrets rule, or the other way round. */
  #onOtherSealing(bytes: Uint8Array, from: Endpoint): void {
    this.#context.counters.dropped.unknownSecret += 1
    try {
      this.#events.onUnknownSecret(decodeHandshake(bytes), from)
    } catch {
      // A sealed datagram says nothing of its sender, and a hello comes before it.
    }
  }

  /** No member has sent this. Where it comes from the address of one, that one cannot be reached there. */
  #onForeign(from: Endpoint): void {
    for (const peer of this.#peers.values()) if (peer.link.isAt(from)) peer.hearing.foreign(this.#context.options.clock.now())
  }

  /** Nobody who is no member is answered, and nothing is kept of them: one who knows the secret can invent any number of names. */
  #refuseStranger(id: string, { address, port }: Endpoint): void {
    this.#context.counters.dropped.stranger += 1
    const name = JSON.stringify(id)
    const message = `a handshake under the secret of this cluster has come from ${address} (port ${port}) in the name of ${name}, which is not among the members: nothing from there is taken. If ${name} belongs to this cluster, this member and it were given different members; if not, change the secret`
    this.#events.report({ code: 'RAFT_STRANGER', peer: id, message })
  }
}

/** A u64 below 2^48, as session ids and counters are; -1 for a larger one. By hand, as each datagram is asked. */
function numberAt(bytes: Uint8Array, at: number): number {
  if (bytes[at + 6] !== 0 || bytes[at + 7] !== 0) return -1
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16)
  const high = (bytes[at + 3] as number) | ((bytes[at + 4] as number) << 8) | ((bytes[at + 5] as number) << 16)
  return low + high * 0x100_0000
}
