import type { TransportContext } from './context.js'
import type { HeldSum } from './held-sum.js'
import { Session, type SessionHost, type SessionParameters } from './session.js'

/**
 * How many sessions before the current one are kept. After handshakes that crossed, each side may send in another session than its peer
 * does: both are still of use when the two agree on a new one.
 */
const MAX_FORMER_SESSIONS = 2

export interface PeerSessionsEvents {
  readonly onOpened: (session: Session) => void
  readonly onClosed: (session: Session) => void
}

/** The open sessions with one peer: the current one, which carries what is sent, and those before it, in which messages may still come. */
export class PeerSessions {
  readonly #context: TransportContext
  readonly #host: SessionHost
  readonly #events: PeerSessionsEvents
  #current: Session | null = null
  /** The sessions before, the newest last. */
  #former: Session[] = []
  /** When something was first sent in the current session that has not been followed by anything from the peer. */
  #unansweredSince = Number.POSITIVE_INFINITY
  /**
   * The last datagram came in a session before the current one. After handshakes that crossed, each side may have its own as the
   * current one; should one of them be lost, only silence in it tells. Such a pair agrees on a new one.
   */
  #heardOnPrevious = false

  constructor(context: TransportContext, host: SessionHost, events: PeerSessionsEvents) {
    this.#context = context
    this.#host = host
    this.#events = events
  }

  get current(): Session | null {
    return this.#current
  }

  /** How many there are. @internal */
  get count(): number {
    return this.#all().length
  }

  /** Of the sessions before the current one, none is zero at rest: what is on its way in them may never arrive. @internal */
  heldSums(): HeldSum[] {
    const former = this.#former.flatMap((session) => session.heldSums())
    return [...(this.#current?.heldSums() ?? []), ...former.map((sum) => ({ ...sum, isZeroAtRest: false }))]
  }

  has(localId: number): boolean {
    return this.#current?.localId === localId || this.#former.some((session) => session.localId === localId)
  }

  /** Whether the current session serves, as long as the peer still has it. */
  get isUsable(): boolean {
    return !this.#heardOnPrevious && this.#current !== null && this.#current.sealed < this.#context.options.maxSessionDatagrams
  }

  /** @param peerRestarted nothing more can come in the sessions before */
  open(parameters: SessionParameters, peerRestarted: boolean): void {
    const session = new Session(this.#host, parameters)
    if (this.#current !== null) this.#former.push(this.#current)
    this.#keepFormer(peerRestarted ? 0 : MAX_FORMER_SESSIONS)
    this.#current = session
    this.#heardOnPrevious = false
    this.#unansweredSince = Number.POSITIVE_INFINITY
    this.#context.counters.sessionsOpened += 1
    this.#events.onOpened(session)
  }

  /** The current session is closed, and the one before is the current one again. */
  fallBack(): void {
    this.#close(this.#current)
    this.#current = this.#former.pop() ?? null
  }

  /** A datagram of the peer has come in this session. Returns whether that is the current one. */
  onReceived(session: Session): boolean {
    this.#heardOnPrevious = session !== this.#current
    if (!this.#heardOnPrevious) this.onAnswered()
    return !this.#heardOnPrevious
  }

  /** The peer has answered, in a session or in a handshake. */
  onAnswered(): void {
    this.#unansweredSince = Number.POSITIVE_INFINITY
  }

  /** Something is to be sent in the current session. */
  onSending(now: number): void {
    if (this.#unansweredSince === Number.POSITIVE_INFINITY) this.#unansweredSince = now
  }

  /** Closes the sessions in which nothing moves any more. */
  check(now: number): void {
    const { deliveryTimeout, maxSessionDatagrams } = this.#context.options
    for (const session of this.#all()) {
      session.onTimer(now)
      const held = session.heldFor(now) > 2 * deliveryTimeout
      if (held) this.#context.counters.dropped.reassemblyTimedOut += session.held
      const usedUp = session.sealed >= 2 * maxSessionDatagrams
      if (!held && !usedUp && session.stalledFor(now) <= deliveryTimeout) continue
      this.#close(session)
      if (session === this.#current) this.#current = null
      else this.#former = this.#former.filter((one) => one !== session)
    }
  }

  /** Whether the peer is to be asked now if it still has the current session, or for its successor. Once for each silence. */
  takeQuestion(now: number): boolean {
    const session = this.#current
    if (session === null) return false
    // The same sum as for the timer: a difference may be rounded to just below, and the timer fire without end.
    const isSilent = now >= this.#unansweredSince + this.#context.options.silenceTimeout
    if (!isSilent && session.sealed < this.#context.options.maxSessionDatagrams) return false
    this.#unansweredSince = Number.POSITIVE_INFINITY
    return true
  }

  /** Sends what is due. Returns whether more could go in another turn. */
  flush(now: number): boolean {
    let more = this.#current?.flush(now) ?? false
    for (const session of this.#former) if (session.flush(now)) more = true
    return more
  }

  /** When there is something to do next. */
  nextTimer(now: number): number {
    const { deliveryTimeout, silenceTimeout } = this.#context.options
    let due = this.#current === null ? Number.POSITIVE_INFINITY : this.#unansweredSince + silenceTimeout
    for (const session of this.#all()) due = Math.min(due, session.nextTimer(), session.held > 0 ? now + deliveryTimeout : due)
    return due
  }

  close(): void {
    this.#close(this.#current)
    this.#current = null
    this.#keepFormer(0)
  }

  /** Closes the oldest of the former sessions, but for the newest `count`. */
  #keepFormer(count: number): void {
    while (this.#former.length > count) this.#close(this.#former.shift() ?? null)
  }

  #all(): Session[] {
    return this.#current === null ? [...this.#former] : [this.#current, ...this.#former]
  }

  #close(session: Session | null): void {
    if (session === null) return
    this.#events.onClosed(session)
    this.#context.counters.sessionsClosed += 1
    this.#context.counters.dropped.sessionReset += session.pending
  }
}
