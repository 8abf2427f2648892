import { type Acquaintance, reasonAsSeenHere } from './acquaintance.js'
import type { TransportContext } from './context.js'
import type { HandshakeDatagram } from './datagram.js'
import { type Agreement, Handshake } from './handshake.js'
import type { Hearing } from './hearing.js'
import type { TransportRefusal } from './identity.js'
import type { Link } from './link/link.js'
import type { PeerSessions } from './peer-sessions.js'
import type { SecretKeys } from './secrets.js'
import type { Endpoint } from './socket.js'

/** How long after a confirmation the next one is sent, in ms. */
const CONFIRM_INTERVAL = 100
/** Maximum number of confirmations that are sent for one session. */
const MAX_CONFIRMATIONS = 6
/** For how long nothing is tried with a peer that belongs to a cluster of other members, in ms. */
const QUIET_TIME = 1000

/** The other parts of the peer with which sessions are established. */
export interface EstablishmentParts {
  readonly link: Link
  readonly hearing: Hearing
  readonly acquaintance: Acquaintance
  readonly sessions: PeerSessions
}

export interface EstablishmentEvents {
  /** There is something to send at the end of this turn. */
  readonly onWork: () => void
  /** There is no session, and none will be for a while. */
  readonly onGivenUp: () => void
  /** The peer refuses this member, for good. */
  readonly onRefused: (refusal: TransportRefusal) => void
  /** Whether another session has the id, with whichever peer. */
  readonly isSessionOpen: (id: number) => boolean
  /** The part of the receive buffer that the peer may fill at first. */
  readonly firstWindow: (now: number) => number
}

/** How sessions with one peer come about: begins handshakes, answers those of the peer, and opens what both have agreed on. */
export class Establishment {
  readonly #context: TransportContext
  readonly #peer: string
  readonly #parts: EstablishmentParts
  readonly #events: EstablishmentEvents
  readonly #handshake: Handshake
  /** What the peer drew when it was started; null before the first session with it. */
  #boot: Buffer | null = null
  /** No handshake is begun before. */
  #quietUntil = Number.NEGATIVE_INFINITY
  /** Sent again until the peer shows that it has the session. */
  #confirmation: { readonly bytes: Buffer; count: number; dueAt: number } | null = null

  constructor(context: TransportContext, peer: string, parts: EstablishmentParts, events: EstablishmentEvents) {
    this.#context = context
    this.#peer = peer
    this.#parts = parts
    this.#events = events
    this.#handshake = new Handshake(context, events.isSessionOpen, peer)
  }

  /** Whether the peer has shown that it has the current session, if there is one. */
  get isConfirmed(): boolean {
    return this.#confirmation === null
  }

  /** When `onTimer` is due. */
  get dueAt(): number {
    return Math.min(this.#handshake.dueAt, this.#confirmation?.dueAt ?? Number.POSITIVE_INFINITY)
  }

  /** Begins a handshake unless there is a session, or one under way. */
  begin(): void {
    const { link, hearing, sessions } = this.#parts
    const now = this.#now()
    if (sessions.current !== null || now < this.#quietUntil || this.#context.main === null) return
    if (link.address !== null) hearing.asked(now)
    link.open()
    this.#events.onWork()
    if (!link.isReady) return
    this.#handshake.begin(0, now)
  }

  /** A datagram of a session that is not known here may be this peer's, from before a restart. */
  onStrayDatagram(): void {
    if (this.#parts.sessions.current !== null) return
    this.begin()
    this.#handshake.hasten(this.#now())
  }

  /** Another address of the peer is in use, which has not been said hello to. */
  tryOtherWay(): void {
    if (this.#parts.sessions.current === null) this.begin()
    else this.#ask()
    this.#handshake.again(this.#now())
  }

  /** The peer has used the current session. */
  onConfirmed(): void {
    this.#confirmation = null
  }

  onHello(hello: HandshakeDatagram, keys: SecretKeys, from: Endpoint): void {
    if (this.#refuses(hello, keys, from)) return
    const { link, hearing, sessions } = this.#parts
    const now = this.#now()
    const needsProof = hearing.hello(hello.senderSession, now)
    const known = sessions.has(hello.receiverSession)
    const answer = this.#handshake.answer(hello, keys, known, link.maxDatagramBytes, this.#events.firstWindow(now), now)
    if (answer === null) this.#events.onWork()
    else link.answer(answer, from)
    if (known) link.isNotHeard()
    if (needsProof || (known && link.needsProof)) this.#ask()
  }

  onAnswer(answer: HandshakeDatagram, bytes: Uint8Array, keys: SecretKeys, from: Endpoint): void {
    if (!this.#handshake.accepts(answer, bytes, keys)) return
    const { link, hearing, acquaintance, sessions } = this.#parts
    if (acquaintance.objectionTo(answer) !== null) {
      this.#context.counters.dropped.refusedMember += 1
      this.#giveUp()
      return
    }
    const now = this.#now()
    sessions.onAnswered()
    const hasMoved = link.isReachedAt(this.#handshake.addressOf(answer))
    if (answer.sessionKnown && !hasMoved && sessions.isUsable) {
      hearing.answered(now)
      hearing.heard(now)
      this.#handshake.abandon()
      return
    }
    const agreement = this.#handshake.complete(answer, keys, link.maxDatagramBytes, this.#events.firstWindow(now))
    link.learn(from)
    acquaintance.meet(answer)
    this.#open(agreement, now)
    this.#confirmation = { bytes: agreement.confirmation, count: 0, dueAt: now }
    this.#events.onWork()
  }

  onConfirm(confirmation: HandshakeDatagram, bytes: Uint8Array, keys: SecretKeys, from: Endpoint): void {
    if (!this.#handshake.isConfirmed(confirmation, bytes, keys)) return
    const { link, acquaintance, sessions } = this.#parts
    // Since it was answered, another start of the peer was met: its next hello is refused.
    if (acquaintance.objectionTo(confirmation) !== null) {
      this.#context.counters.dropped.refusedMember += 1
      return
    }
    const agreement = this.#handshake.confirm(confirmation, keys, link.maxDatagramBytes)
    link.learn(from)
    acquaintance.meet(confirmation)
    this.#confirmation = null
    this.#open(agreement, this.#now())
    sessions.current?.probe()
    // The peer has reached this member, which does not say that the way back is one.
    link.doubt()
    if (link.needsProof) this.#ask()
    this.#events.onWork()
  }

  /**
   * A refusal is believed unless this member would refuse its sender in turn, whose directory may be the wrong one as well. Such a pair
   * stays silent: a directory that all refuse must not end the members that run well.
   */
  onRefusal(step: HandshakeDatagram, bytes: Uint8Array, keys: SecretKeys): void {
    if (!this.#handshake.accepts(step, bytes, keys)) return
    this.#giveUp()
    if (this.#parts.acquaintance.objectionTo(step) !== null) {
      this.#context.counters.dropped.refusedMember += 1
      return
    }
    const { refusal, remembered } = step
    if (this.#context.options.identity === null || refusal === null || refusal === 'otherVoters' || remembered === null) return
    this.#events.onRefused({ reason: reasonAsSeenHere(refusal, this.#boot !== null), by: this.#peer, remembered })
  }

  /** Sends the steps that are due. */
  onTimer(now: number): void {
    const { link, hearing, sessions } = this.#parts
    if (sessions.takeQuestion(now)) this.#handshake.begin(sessions.current?.remoteId ?? 0, now)
    const round = this.#handshake.onTimer(now)
    if (round === 'gaveUp') {
      if (sessions.current === null) this.#events.onGivenUp()
      // The name may mean another address by now; a session does not depend on it.
      link.release()
      if (sessions.current !== null) link.open()
    } else if (round !== null) {
      hearing.greeted(now)
      link.sayHello(round, (address, maxDatagram) => this.#handshake.hello(address, maxDatagram, this.#events.firstWindow(now)))
    }
    this.#confirm(now)
  }

  close(): void {
    this.#handshake.abandon()
  }

  #confirm(now: number): void {
    const confirmation = this.#confirmation
    if (confirmation === null || now < confirmation.dueAt) return
    if (confirmation.count >= MAX_CONFIRMATIONS) {
      this.#confirmation = null
      this.#parts.sessions.fallBack()
      // The peer may have been reached by a confirmation, and send in the session that was closed here: the two need one that both have.
      this.#handshake.begin(0, now)
      return
    }
    confirmation.count += 1
    confirmation.dueAt = now + CONFIRM_INTERVAL
    this.#parts.link.send([confirmation.bytes])
  }

  /** Whether nothing but a refusal, if it can be understood, answers the hello. It goes where the hello came from, as an answer would. */
  #refuses(hello: HandshakeDatagram, keys: SecretKeys, from: Endpoint): boolean {
    const { link, acquaintance } = this.#parts
    const objection = acquaintance.objectionTo(hello)
    if (objection === null) return false
    this.#context.counters.dropped.refusedMember += 1
    const { refusal, remembered } = objection
    if (refusal !== null) link.sendFromMain(this.#handshake.refuse(hello, keys, refusal, remembered), from)
    return true
  }

  /** The peer is there, and does not talk to this member, or is not to be talked to: for a while nothing is tried. */
  #giveUp(): void {
    this.#handshake.abandon()
    this.#quietUntil = this.#now() + QUIET_TIME
    if (this.#parts.sessions.current === null) this.#events.onGivenUp()
  }

  /** Asks the peer whether it still has the session: whatever address it answers at is used from then on. */
  #ask(): void {
    this.#handshake.begin(this.#parts.sessions.current?.remoteId ?? 0, this.#now())
    this.#events.onWork()
  }

  #open({ parameters, peerBoot }: Agreement, now: number): void {
    const { link, hearing, sessions } = this.#parts
    const restarted = this.#boot !== null && !this.#boot.equals(peerBoot)
    this.#boot = peerBoot
    // The link was let go of where the last handshake was given up.
    link.open()
    if (restarted) hearing.restarted(now)
    sessions.open(parameters, restarted)
    hearing.answered(now)
    hearing.heard(now)
  }

  #now(): number {
    return this.#context.options.clock.now()
  }
}
