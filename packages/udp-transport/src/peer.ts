import { encodedMessageLength, isBulk, type MemberId, type Message } from '@raft/core'
import { Acquaintance, type AcquaintanceEvents } from './acquaintance.js'
import type { TransportContext } from './context.js'
import { Establishment } from './establishment.js'
import { Hearing } from './hearing.js'
import type { TransportSum } from './held-sum.js'
import type { TransportRefusal } from './identity.js'
import { Link } from './link/link.js'
import { PeerSessions } from './peer-sessions.js'
import { narrowPath } from './problems.js'
import { PathSize } from './sending/path-size.js'
import { SendQueue } from './sending/send-queue.js'
import type { Session, SessionHost } from './session.js'
import type { Endpoint } from './socket.js'

/** Maximum number of datagrams that a session sends in a turn. Then other peers, and what has arrived, come first. */
const DATAGRAMS_PER_TURN = 16

/** What a peer tells the transport, and what it asks of it. */
export interface PeerEvents extends AcquaintanceEvents {
  /** `peer.flush` is to be called at the end of this turn. */
  readonly onWork: (peer: Peer) => void
  /** Something has arrived at a socket that is connected to a peer, from whomever. */
  readonly onDatagram: (bytes: Uint8Array, from: Endpoint) => void
  readonly onUnreachable: (peer: MemberId) => void
  /** Another member refuses this one, for good. */
  readonly onRefused: (refusal: TransportRefusal) => void
  /** From now on datagrams for the session are to be handed to `onSealed`. */
  readonly onSessionOpened: (peer: Peer, session: Session) => void
  readonly onSessionClosed: (session: Session) => void
  /** Whether a session has the id, with whichever peer. */
  readonly isSessionOpen: (id: number) => boolean
  /** The part of the receive buffer that `peer` may fill, once it is sending. */
  readonly receiveWindow: (peer: Peer, now: number) => number
}

/** Another member: the way to it, the sessions with it, how they come about, and what waits for one. */
export class Peer {
  readonly id: MemberId
  readonly link: Link
  readonly hearing: Hearing
  readonly establishment: Establishment
  /** Whether `flush` is on its way. */
  scheduled = false
  /** When it last sent something that is acknowledged. */
  sendingAt = Number.NEGATIVE_INFINITY
  readonly #context: TransportContext
  readonly #events: PeerEvents
  readonly #sessions: PeerSessions
  readonly #queue: SendQueue
  #isClosed = false
  #wakeAt = Number.POSITIVE_INFINITY
  #cancelWake: (() => void) | null = null

  constructor(context: TransportContext, events: PeerEvents, id: MemberId) {
    this.id = id
    this.#context = context
    this.#events = events
    const { options } = context
    this.link = new Link(context, {
      onDatagram: events.onDatagram,
      onReady: () => this.establishment.begin(),
      onOtherWay: () => this.establishment.tryOtherWay(),
      onUnreachable: () => {
        this.hearing.refused(options.clock.now())
        events.onUnreachable(id)
      },
      onFailed: (reason) => this.hearing.failed(reason, options.clock.now()),
    })
    this.hearing = new Hearing({ options, report: events.report }, id, this.link)
    const acquaintance = new Acquaintance(context, events, id)
    this.#queue = new SendQueue(options.maxQueuedBytes)
    this.#sessions = new PeerSessions(context, this.#sessionHost(acquaintance), {
      onOpened: (session) => events.onSessionOpened(this, session),
      onClosed: events.onSessionClosed,
    })
    const parts = { link: this.link, hearing: this.hearing, acquaintance, sessions: this.#sessions }
    this.establishment = new Establishment(context, id, parts, {
      onWork: () => events.onWork(this),
      onGivenUp: () => this.#dropQueued(),
      onRefused: events.onRefused,
      isSessionOpen: events.isSessionOpen,
      firstWindow: (now) => events.receiveWindow(this, now),
    })
  }

  get isReachable(): boolean {
    return this.link.address !== null || this.#sessions.current !== null
  }

  send(message: Message): void {
    const { counters, options } = this.#context
    if (isBulk(message)) {
      if (encodedMessageLength(message) > options.maxMessageBytes) counters.dropped.messageTooLarge += 1
      else if (this.#bulkSession?.pushBulk(message) ?? this.#queue.pushBulk(message)) counters.messagesSent += 1
      else counters.dropped.queueFull += 1
    } else {
      if (!this.#queue.pushControl(message)) counters.dropped.queueFull += 1
      counters.messagesSent += 1
    }
    if (this.#sessions.current === null) this.establishment.begin()
    this.#events.onWork(this)
  }

  /** How many sessions there are with the peer. @internal */
  get sessionCount(): number {
    return this.#sessions.count
  }

  /** @internal */
  heldSums(): TransportSum[] {
    return [...this.#sessions.heldSums(), ...this.#queue.heldSums()].map((sum) => ({ ...sum, peer: this.id }))
  }

  /** End of a turn: everything that is due leaves. */
  flush(): void {
    if (this.#isClosed) return
    const now = this.#context.options.clock.now()
    this.#sessions.check(now)
    this.establishment.onTimer(now)
    this.#moveQueued(now)
    if (this.#sessions.flush(now)) this.#events.onWork(this)
    this.hearing.check(now)
    this.#sleep(now)
  }

  onSealed(session: Session, bytes: Uint8Array, counter: number, from: Endpoint): void {
    const now = this.#context.options.clock.now()
    if (!session.receive(bytes, counter, now)) return
    this.hearing.heard(now)
    if (this.#sessions.onReceived(session)) this.establishment.onConfirmed()
    this.link.learn(from)
    this.#events.onWork(this)
  }

  /** For good, though a flush may still be on its way. */
  close(): void {
    this.#isClosed = true
    this.#sessions.close()
    this.#dropQueued()
    this.establishment.close()
    this.#cancelWake?.()
    this.#cancelWake = null
    this.link.close()
  }

  #sessionHost(acquaintance: Acquaintance): SessionHost {
    const { options, counters, scratch } = this.#context
    const { report, receiveWindow } = this.#events
    return {
      counters,
      scratch,
      maxMessageBytes: options.maxMessageBytes,
      maxQueuedBytes: options.maxQueuedBytes,
      maxDatagramsPerTurn: DATAGRAMS_PER_TURN,
      maxSessionDatagrams: options.maxSessionDatagrams,
      path: new PathSize(counters, (carried, lost) => report(narrowPath(this.id, this.link.address, carried, lost))),
      deliver: (message) => acquaintance.deliver(message),
      transmit: (parts) => this.link.send(parts),
      receiveWindow: (now) => {
        this.sendingAt = now
        return receiveWindow(this, now)
      },
    }
  }

  /** No bulk data before the peer has confirmed the session: it may still be replaced, and data in it would be lost. */
  get #bulkSession(): Session | null {
    return this.establishment.isConfirmed ? this.#sessions.current : null
  }

  #moveQueued(now: number): void {
    const session = this.#sessions.current
    if (session === null) return
    if (this.#queue.count + session.pending > 0) this.#sessions.onSending(now)
    for (const message of this.#queue.takeControl()) session.pushControl(message)
    if (this.#bulkSession !== null) for (const message of this.#queue.takeBulk()) session.pushBulk(message)
  }

  #dropQueued(): void {
    this.#context.counters.dropped.noSession += this.#queue.drop()
  }

  /** Timers are late rather than many: one that fires too early finds nothing to do, and sets the next. */
  #sleep(now: number): void {
    const due = Math.min(this.establishment.dueAt, this.hearing.dueAt, this.#sessions.nextTimer(now))
    if (due >= this.#wakeAt || due === Number.POSITIVE_INFINITY) return
    this.#cancelWake?.()
    this.#wakeAt = due
    this.#cancelWake = this.#context.options.clock.schedule(due, () => {
      this.#wakeAt = Number.POSITIVE_INFINITY
      this.#cancelWake = null
      // Not at once: after a pause of this process, acknowledgements may be waiting to be read before anything counts as late.
      this.#events.onWork(this)
    })
  }
}
