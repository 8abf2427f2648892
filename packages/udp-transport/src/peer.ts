import { encodedMessageLength, isBulk, type MemberId, type Message } from '@raft/core'
import { Acquaintance, reasonAsSeenHere } from './acquaintance.js'
import type { HandshakeDatagram } from './datagram.js'
import { type Agreement, Handshake } from './handshake.js'
import { Hearing } from './hearing.js'
import type { TransportSum } from './held-sum.js'
import type { Hub } from './hub.js'
import { Link } from './link.js'
import { PathSize } from './path-size.js'
import { narrowPath } from './problems.js'
import type { SecretKeys } from './secrets.js'
import { Session, type SessionHost } from './session.js'
import type { Endpoint } from './socket.js'
import { Waiting } from './waiting.js'

/** A turn's worth: then other peers, and what has arrived, come first. */
const DATAGRAMS_PER_TURN = 16
const CONFIRM_INTERVAL = 100
const MAX_CONFIRMATIONS = 6
/**
 * How many sessions before the current one are kept. After handshakes that crossed, each side may send in another session than its peer
 * does: both are still of use when the two agree on a new one.
 */
const MAX_FORMER_SESSIONS = 2
/** For how long nothing is tried with a peer that belongs to a cluster of other members, in ms. */
const QUIET_TIME = 1000

/** Another member: the way to it, its handshakes, its sessions, and what waits for it. */
export class Peer {
  readonly id: MemberId
  readonly link: Link
  readonly hearing: Hearing
  /** Whether `flush` is on its way. */
  scheduled = false
  /** When it last sent something that is acknowledged. */
  sendingAt = Number.NEGATIVE_INFINITY
  readonly #hub: Hub
  readonly #host: SessionHost
  readonly #handshake: Handshake
  readonly #acquaintance: Acquaintance
  readonly #waiting: Waiting
  #current: Session | null = null
  /** The sessions before, the newest last, as long as messages may be on their way in them. */
  #former: Session[] = []
  #boot: Buffer | null = null
  /** No handshake is begun before. */
  #quietUntil = Number.NEGATIVE_INFINITY
  #confirmation: { readonly bytes: Buffer; count: number; dueAt: number } | null = null
  /** When something was first sent that has not been followed by anything from the peer. */
  #unansweredSince = Number.POSITIVE_INFINITY
  /**
   * What was heard last came in the session before. After handshakes that crossed, each side may have its own as the current
   * one; should one of them be lost, only silence in it tells. Such a pair agrees on a new one.
   */
  #heardAside = false
  #isClosed = false
  #wakeAt = Number.POSITIVE_INFINITY
  #cancelWake: (() => void) | null = null

  constructor(hub: Hub, id: MemberId) {
    this.id = id
    this.#hub = hub
    const { options, counters, scratch } = hub
    this.link = new Link(hub, {
      onReady: () => this.begin(),
      onOtherWay: () => this.#tryOtherWay(),
      onUnreachable: () => {
        this.hearing.refused(options.clock.now())
        hub.onUnreachable(id)
      },
      onFailed: (reason) => this.hearing.failed(reason, options.clock.now()),
    })
    this.hearing = new Hearing(hub, id, this.link)
    this.#handshake = new Handshake(hub, id)
    this.#acquaintance = new Acquaintance(hub, id)
    this.#waiting = new Waiting(options.maxQueuedBytes)
    this.#host = {
      counters,
      scratch,
      maxMessageBytes: options.maxMessageBytes,
      maxQueuedBytes: options.maxQueuedBytes,
      maxDatagramsPerTurn: DATAGRAMS_PER_TURN,
      maxSessionDatagrams: options.maxSessionDatagrams,
      path: new PathSize(counters, (carried, lost) => hub.report(narrowPath(id, this.link.address, carried, lost))),
      deliver: (message) => this.#acquaintance.deliver(message),
      transmit: (parts) => this.link.send(parts),
      receiveWindow: (now) => hub.receiveWindow(this, now),
    }
  }

  get hasSession(): boolean {
    return this.#current !== null
  }

  get isReachable(): boolean {
    return this.link.address !== null || this.#current !== null
  }

  send(message: Message): void {
    const { counters, options } = this.#hub
    if (isBulk(message)) {
      if (encodedMessageLength(message) > options.maxMessageBytes) counters.dropped.messageTooLarge += 1
      else if (this.#bulkSession?.pushBulk(message) ?? this.#waiting.pushBulk(message)) counters.messagesSent += 1
      else counters.dropped.queueFull += 1
    } else {
      if (!this.#waiting.pushControl(message)) counters.dropped.queueFull += 1
      counters.messagesSent += 1
    }
    if (this.#current === null) this.begin()
    this.#hub.schedule(this)
  }

  /** How many sessions there are with the peer. @internal */
  get sessionCount(): number {
    return this.#sessions().length
  }

  /** Of the sessions before the current one, none is zero at rest: what is on its way in them may never arrive. @internal */
  heldSums(): TransportSum[] {
    const former = this.#former.flatMap((session) => session.heldSums())
    return [
      ...(this.#current?.heldSums() ?? []),
      ...former.map((sum) => ({ ...sum, isZeroAtRest: false })),
      ...this.#waiting.heldSums(),
    ].map((sum) => ({ ...sum, peer: this.id }))
  }

  /** A datagram of a session that is not known here may be this peer's, from before a restart. */
  onStrayDatagram(): void {
    if (this.#current !== null) return
    this.begin()
    this.#handshake.hasten(this.#hub.options.clock.now())
  }

  /** Begins a handshake unless there is a session, or one under way. */
  begin(): void {
    const now = this.#hub.options.clock.now()
    if (this.#current !== null || now < this.#quietUntil || this.#hub.main === null) return
    if (this.link.address !== null) this.hearing.asked(now)
    this.link.open()
    this.#hub.schedule(this)
    if (!this.link.isReady) return
    this.#handshake.begin(0, now)
  }

  /** End of a turn: everything that is due leaves. */
  flush(): void {
    if (this.#isClosed) return
    const now = this.#hub.options.clock.now()
    this.#checkSessions(now)
    this.#shakeHands(now)
    this.#moveWaiting(now)
    let more = this.#current?.flush(now) ?? false
    for (const session of this.#former) if (session.flush(now)) more = true
    if (more) this.#hub.schedule(this)
    this.hearing.check(now)
    this.#sleep(now)
  }

  onSealed(session: Session, bytes: Uint8Array, counter: number, from: Endpoint): void {
    const now = this.#hub.options.clock.now()
    if (!session.receive(bytes, counter, now)) return
    this.hearing.heard(now)
    this.#heardAside = session !== this.#current
    if (!this.#heardAside) {
      this.#unansweredSince = Number.POSITIVE_INFINITY
      this.#confirmation = null
    }
    this.link.learn(from)
    this.#hub.schedule(this)
  }

  onHello(hello: HandshakeDatagram, keys: SecretKeys, from: Endpoint): void {
    if (this.#refuses(hello, keys, from)) return
    const now = this.#hub.options.clock.now()
    const needsProof = this.hearing.hello(hello.senderSession, now)
    const known = hello.receiverSession !== 0 && this.#hub.sessions.get(hello.receiverSession)?.peer === this
    const answer = this.#handshake.answer(hello, keys, known, this.link.maxDatagramBytes, this.#firstWindow(now), now)
    if (answer === null) this.#hub.schedule(this)
    else this.link.answer(answer, from)
    if (known) this.link.isNotHeard()
    if (needsProof || (known && this.link.needsProof)) this.#ask()
  }

  onAnswer(answer: HandshakeDatagram, bytes: Uint8Array, keys: SecretKeys, from: Endpoint): void {
    if (!this.#handshake.accepts(answer, bytes, keys)) return
    if (this.#acquaintance.objectionTo(answer) !== null) {
      this.#hub.counters.dropped.refusedMember += 1
      this.#giveUp()
      return
    }
    const now = this.#hub.options.clock.now()
    this.#unansweredSince = Number.POSITIVE_INFINITY
    const hasMoved = this.link.isReachedAt(this.#handshake.addressOf(answer))
    if (
      answer.sessionKnown &&
      !hasMoved &&
      !this.#heardAside &&
      this.#current !== null &&
      this.#current.sealed < this.#hub.options.maxSessionDatagrams
    ) {
      this.hearing.answered(now)
      this.hearing.heard(now)
      this.#handshake.abandon()
      return
    }
    const agreement = this.#handshake.complete(answer, keys, this.link.maxDatagramBytes, this.#firstWindow(now))
    this.link.learn(from)
    this.#acquaintance.meet(answer)
    this.#open(agreement, now)
    this.#confirmation = { bytes: agreement.confirmation, count: 0, dueAt: now }
    this.#hub.schedule(this)
  }

  onConfirm(confirmation: HandshakeDatagram, bytes: Uint8Array, keys: SecretKeys, from: Endpoint): void {
    if (!this.#handshake.isConfirmed(confirmation, bytes, keys)) return
    // Since it was answered, another start of the peer was met: its next hello is refused.
    if (this.#acquaintance.objectionTo(confirmation) !== null) {
      this.#hub.counters.dropped.refusedMember += 1
      return
    }
    const agreement = this.#handshake.confirm(confirmation, keys, this.link.maxDatagramBytes)
    this.link.learn(from)
    this.#acquaintance.meet(confirmation)
    this.#confirmation = null
    this.#open(agreement, this.#hub.options.clock.now())
    this.#current?.greet()
    // The peer has reached this member, which does not say that the way back is one.
    this.link.doubt()
    if (this.link.needsProof) this.#ask()
    this.#hub.schedule(this)
  }

  /**
   * A refusal is believed unless this member would refuse its sender in turn, whose directory may be the wrong one as well. Such a pair
   * stays silent: a directory that all refuse must not end the members that run well.
   */
  onRefusal(step: HandshakeDatagram, bytes: Uint8Array, keys: SecretKeys): void {
    if (!this.#handshake.accepts(step, bytes, keys)) return
    this.#giveUp()
    if (this.#acquaintance.objectionTo(step) !== null) {
      this.#hub.counters.dropped.refusedMember += 1
      return
    }
    const { refusal, remembered } = step
    if (this.#hub.options.identity === null || refusal === null || refusal === 'otherVoters' || remembered === null) return
    this.#hub.onRefused({ reason: reasonAsSeenHere(refusal, this.#boot !== null), by: this.id, remembered })
  }

  /** For good, though a flush may still be on its way. */
  close(): void {
    this.#isClosed = true
    this.#closeSession(this.#current)
    this.#current = null
    this.#keepFormer(0)
    this.#dropWaiting()
    this.#handshake.abandon()
    this.#cancelWake?.()
    this.#cancelWake = null
    this.link.close()
  }

  /** Whether nothing but a refusal, if it can be understood, answers the hello. It goes where the hello came from, as an answer would. */
  #refuses(hello: HandshakeDatagram, keys: SecretKeys, from: Endpoint): boolean {
    const objection = this.#acquaintance.objectionTo(hello)
    if (objection === null) return false
    this.#hub.counters.dropped.refusedMember += 1
    const { refusal, remembered } = objection
    if (refusal !== null) this.link.sendFromMain(this.#handshake.refuse(hello, keys, refusal, remembered), from)
    return true
  }

  /** The peer is there, and does not talk to this member, or is not to be talked to: for a while nothing is tried. */
  #giveUp(): void {
    this.#handshake.abandon()
    this.#quietUntil = this.#hub.options.clock.now() + QUIET_TIME
    if (this.#current === null) this.#dropWaiting()
  }

  /** Asks the peer whether it still has the session: whatever address it answers at is used from then on. */
  #ask(): void {
    this.#handshake.begin(this.#current?.remoteId ?? 0, this.#hub.options.clock.now())
    this.#hub.schedule(this)
  }

  #tryOtherWay(): void {
    if (this.#current === null) this.begin()
    else this.#ask()
    this.#handshake.again(this.#hub.options.clock.now())
  }

  /** Until the peer has shown that it has the session too, another may take its place, and nothing be left behind in it. */
  get #bulkSession(): Session | null {
    return this.#confirmation === null ? this.#current : null
  }

  #moveWaiting(now: number): void {
    const session = this.#current
    if (session === null) return
    if (this.#unansweredSince === Number.POSITIVE_INFINITY && this.#waiting.count + session.pending > 0) this.#unansweredSince = now
    for (const message of this.#waiting.takeControl()) session.pushControl(message)
    if (this.#bulkSession !== null) for (const message of this.#waiting.takeBulk()) session.pushBulk(message)
  }

  #dropWaiting(): void {
    this.#hub.counters.dropped.noSession += this.#waiting.drop()
  }

  #checkSessions(now: number): void {
    const { options } = this.#hub
    for (const session of this.#sessions()) {
      session.onTimer(now)
      const held = session.heldFor(now) > 2 * options.deliveryTimeout
      if (held) this.#hub.counters.dropped.reassemblyTimedOut += session.held
      const usedUp = session.sealed >= 2 * options.maxSessionDatagrams
      if (!held && !usedUp && session.stalledFor(now) <= options.deliveryTimeout) continue
      this.#closeSession(session)
      if (session === this.#current) this.#current = null
      else this.#former = this.#former.filter((one) => one !== session)
    }
    const session = this.#current
    if (session === null) return
    // The same sum as for the timer: a difference may be rounded to just below, and the timer fire without end.
    const asks = now >= this.#unansweredSince + options.silenceTimeout
    if (!asks && session.sealed < options.maxSessionDatagrams) return
    this.#unansweredSince = Number.POSITIVE_INFINITY
    this.#handshake.begin(session.remoteId, now)
  }

  #shakeHands(now: number): void {
    const round = this.#handshake.onTimer(now)
    if (round === 'gaveUp') {
      if (this.#current === null) this.#dropWaiting()
      // The name may mean another address by now; a session does not depend on it.
      this.link.release()
      if (this.#current !== null) this.link.open()
    } else if (round !== null) {
      this.hearing.greeted(now)
      this.link.sayHello(round, (address, maxDatagram) => this.#handshake.hello(address, maxDatagram, this.#firstWindow(now)))
    }
    const confirmation = this.#confirmation
    if (confirmation === null || now < confirmation.dueAt) return
    if (confirmation.count >= MAX_CONFIRMATIONS) {
      this.#confirmation = null
      this.#closeSession(this.#current)
      this.#current = this.#former.pop() ?? null
      // The peer may have been reached by a confirmation, and send in the session that was closed here: the two need one that both have.
      this.#handshake.begin(0, now)
      return
    }
    confirmation.count += 1
    confirmation.dueAt = now + CONFIRM_INTERVAL
    this.link.send([confirmation.bytes])
  }

  #open(agreement: Agreement, now: number): void {
    const session = new Session(this.#host, agreement.parameters)
    const restarted = this.#boot !== null && !this.#boot.equals(agreement.peerBoot)
    this.#boot = agreement.peerBoot
    // It was let go of where the last handshake was given up.
    this.link.open()
    if (this.#current !== null) this.#former.push(this.#current)
    if (restarted) this.hearing.restarted(now)
    this.#keepFormer(restarted ? 0 : MAX_FORMER_SESSIONS)
    this.#current = session
    this.#heardAside = false
    this.#unansweredSince = Number.POSITIVE_INFINITY
    this.hearing.answered(now)
    this.hearing.heard(now)
    this.#hub.sessions.set(session.localId, { peer: this, session })
    this.#hub.counters.sessionsOpened += 1
  }

  /** Closes the oldest of the former sessions, but for the newest `count`. */
  #keepFormer(count: number): void {
    while (this.#former.length > count) this.#closeSession(this.#former.shift() ?? null)
  }

  #sessions(): Session[] {
    return this.#current === null ? [...this.#former] : [this.#current, ...this.#former]
  }

  #closeSession(session: Session | null): void {
    if (session === null) return
    this.#hub.sessions.delete(session.localId)
    this.#hub.counters.sessionsClosed += 1
    this.#hub.counters.dropped.sessionReset += session.pending
  }

  #firstWindow(now: number): number {
    const sendingAt = this.sendingAt
    const window = this.#hub.receiveWindow(this, now)
    this.sendingAt = sendingAt
    return window
  }

  /** Timers are late rather than many: one that fires too early finds nothing to do, and sets the next. */
  #sleep(now: number): void {
    const { options } = this.#hub
    const due = Math.min(
      this.#handshake.dueAt,
      this.hearing.dueAt,
      this.#confirmation?.dueAt ?? Number.POSITIVE_INFINITY,
      ...this.#sessions().map((session) => session.nextTimer()),
      this.#current === null ? Number.POSITIVE_INFINITY : this.#unansweredSince + options.silenceTimeout,
      this.#holding() ? now + options.deliveryTimeout : Number.POSITIVE_INFINITY,
    )
    if (due >= this.#wakeAt || due === Number.POSITIVE_INFINITY) return
    this.#cancelWake?.()
    this.#wakeAt = due
    this.#cancelWake = options.clock.schedule(due, () => {
      this.#wakeAt = Number.POSITIVE_INFINITY
      this.#cancelWake = null
      // Not at once: after a pause of this process, acknowledgements may be waiting to be read before anything counts as late.
      this.#hub.schedule(this)
    })
  }

  #holding(): boolean {
    return this.#sessions().some((session) => session.held > 0)
  }
}
