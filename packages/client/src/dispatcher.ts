import {
  AbortedError,
  ClosedError,
  CommandTooLargeError,
  NoLeaderError,
  OutcomeUnknownError,
  OverloadedError,
  ProtocolError,
  type StoreError,
  TimeoutError,
} from '@raft/commands'
import { Aborts } from './aborts.js'
import { Call, type CallRequest } from './call.js'
import type { CallQueue } from './call-queue.js'
import { Deadlines } from './deadlines.js'
import { ConnectionError } from './errors.js'
import type { Link } from './link.js'
import { Members, type MembersOptions } from './members.js'
import { REQUEST_HEAD_BYTES, RequestKind } from './protocol/request.js'
import { decodeError, type ErrorResponse, ResponseKind } from './protocol/response.js'
import { Rest } from './rest.js'
import type { RetryReason } from './statistics.js'
import { judge } from './verdict.js'
import { isOnlyFor, WaitingCalls } from './waiting-calls.js'

export interface DispatcherOptions extends MembersOptions {
  readonly maxPending: number
  readonly maxPendingBytes: number
  readonly maxWaiting: number
  readonly maxWaitingBytes: number
}

/** What a client holds for its calls. */
export interface Holdings {
  /** As the client counts it, and as it is found where it lies: these are equal. */
  readonly counted: Held
  readonly found: Held
  /** Calls that were taken back from silent members, and may be answered by them yet. */
  readonly takenBack: number
  /** Calls whose signals are listened to. */
  readonly watched: number
  /** Whether members are watched for their silence. */
  readonly isWatching: boolean
}

export type Held = Readonly<Record<'pending' | 'pendingBytes' | 'waiting' | 'waitingBytes', number>>

/** Takes each call through queue, connection, answer and, where that is safe, another attempt, to its one end. */
export class Dispatcher {
  readonly members: Members
  pending = 0
  pendingBytes = 0
  readonly #options: DispatcherOptions
  readonly #waiting = new WaitingCalls()
  readonly #deadlines: Deadlines
  readonly #aborts = new Aborts((call, reason) => this.#abort(call, reason))
  /** Nothing is sent to the leader, which is overloaded, while it rests. */
  readonly #leaderRest: Rest
  readonly #flush = () => {
    this.#flushing = false
    this.#now = -1
    if (!this.closed) this.#sendAll()
  }
  #flushing = false
  /** The time, looked up once a turn; -1: not yet. */
  #now = -1
  #sequence = 0
  closed = false

  constructor(options: DispatcherOptions) {
    this.#options = options
    this.#leaderRest = new Rest(options, () => this.#scheduleFlush())
    this.#deadlines = new Deadlines(options.clock, (now) => this.#sweep(now))
    this.members = new Members(options, {
      onResponse: (link, call, kind, body) => this.#respond(link, call, kind, body),
      onRoom: () => this.#scheduleFlush(),
      onSilent: (link, givenUp) => this.#silent(link, givenUp),
      onLost: (link, error) => this.#lost(link, error),
    })
  }

  get waiting(): number {
    return this.#waiting.count
  }

  get waitingBytes(): number {
    return this.#waiting.bytes
  }

  /** Settles through the request's callbacks, exactly once, and never before it returns, but for the errors that it throws. */
  submit(request: CallRequest): void {
    if (this.closed) throw new ClosedError()
    const signal = request.signal
    if (signal?.aborted) throw new AbortedError(false, signal.reason)
    this.#checkRoom(request.body.length)
    if (this.#now < 0) this.#now = this.#options.clock.now()
    const call = new Call(this.#sequence++, request, this.#now + request.timeout)
    if (signal !== null) this.#aborts.watch(signal, call)
    this.#options.counters.requests += 1
    this.#waiting.add(call)
    this.#deadlines.add(call.deadline)
    this.#scheduleFlush()
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.#deadlines.close()
    this.#leaderRest.cancel()
    const calls: Call[] = []
    this.#forEachCall((call) => calls.push(call))
    for (const call of calls) this.#fail(call, call.outcomeUnknown ? new OutcomeUnknownError('the client was closed') : new ClosedError())
    this.members.close()
  }

  /** @internal */
  holdings(): Holdings {
    const found = { pending: 0, pendingBytes: 0, waiting: 0, waitingBytes: 0 }
    this.#waiting.forEach(({ body }) => {
      found.waiting += 1
      found.waitingBytes += body.length
    })
    let takenBack = 0
    for (const link of this.members.links.values()) {
      takenBack += link.takenBack
      for (const { body } of link.inFlight.values()) {
        found.pending += 1
        found.pendingBytes += body.length
      }
    }
    const { pending, pendingBytes, waiting, waitingBytes } = this
    const counted = { pending, pendingBytes, waiting, waitingBytes }
    return { counted, found, takenBack, watched: this.#aborts.count, isWatching: this.members.isWatching }
  }

  #checkRoom(bytes: number): void {
    const { maxWaiting, maxWaitingBytes, maxFrameBytes } = this.#options
    // No member takes it. What the member at hand takes is known when it is to be sent.
    if (bytes + REQUEST_HEAD_BYTES > maxFrameBytes) throw CommandTooLargeError.of(bytes, maxFrameBytes - REQUEST_HEAD_BYTES)
    if (this.waiting >= maxWaiting) throw new OverloadedError(`${this.waiting} calls, limit maxWaiting ${maxWaiting}`)
    if (this.waitingBytes + bytes > maxWaitingBytes && this.waiting > 0)
      throw new OverloadedError(`${this.waitingBytes + bytes} bytes, limit maxWaitingBytes ${maxWaitingBytes}`)
  }

  #scheduleFlush(): void {
    if (this.#flushing) return
    this.#flushing = true
    this.#options.clock.defer(this.#flush)
  }

  #sendAll(): void {
    if (this.waiting === 0) return
    const now = this.#options.clock.now()
    if (this.#waiting.forLeader.count > 0) this.#sendToLeader(now)
    if (this.#waiting.forAny.count > 0) this.#sendToAny(now)
    for (const call of this.#waiting.directed) this.#sendDirected(call, now)
  }

  #sendToLeader(now: number): void {
    const leader = this.members.leader
    if (leader === null || !leader.ready) this.members.seek()
    else if (!this.#leaderRest.isResting) this.#sendQueue(this.#waiting.forLeader, leader, now)
  }

  #sendToAny(now: number): void {
    const link = this.members.anyReady()
    if (link !== null) this.#sendQueue(this.#waiting.forAny, link, now)
    else if (this.members.leader === null) this.members.seek()
    if (link !== null && link === this.members.leader) this.members.reopen()
  }

  #sendQueue(queue: CallQueue, link: Link, now: number): void {
    const { maxPending, maxPendingBytes } = this.#options
    // One write at a time: what waits for the socket, or for a sign of life, can still be sent elsewhere, or expire without a doubt.
    if (!link.writable || link.silent) return
    while (this.pending < maxPending) {
      const call = queue.peek()
      const refusal = call === null ? null : link.refusal(call)
      if (call !== null && refusal !== null) {
        this.#fail(call, refusal)
        continue
      }
      if (call === null || (this.pending > 0 && this.pendingBytes + call.body.length > maxPendingBytes)) break
      queue.shift()
      this.#send(call, link, now)
    }
    link.flush()
    this.members.watch()
  }

  #sendDirected(call: Call, now: number): void {
    if (typeof call.route === 'string') return
    const link = this.members.open(call.route.address)
    if (!link.ready || !link.writable) return
    this.#waiting.directed.delete(call)
    this.#send(call, link, now)
    link.flush()
    this.members.watch()
  }

  #send(call: Call, link: Link, now: number): void {
    this.pending += 1
    this.pendingBytes += call.body.length
    link.send(call, call.deadline === Number.POSITIVE_INFINITY ? 0 : Math.max(1, call.deadline - now))
  }

  #respond(link: Link, call: Call, kind: number, body: Uint8Array): void {
    if (call.link === link) this.#unsend(call)
    else if (kind === ResponseKind.Error) {
      // It waits elsewhere, and may be answered there.
      this.#options.counters.lateResponses += 1
      return
    } else {
      this.#take(call)
      call.link = link
    }
    try {
      if (kind === ResponseKind.Error) this.#respondError(link, call, decodeError(body))
      else this.#respondResult(link, call, kind, body)
    } catch (error) {
      const broken =
        error instanceof ProtocolError ? error : new ProtocolError(`an answer that cannot be taken: ${String(error)}`, { cause: error })
      this.#fail(call, call.outcomeUnknown ? new OutcomeUnknownError(broken.message, { cause: broken }) : broken)
      throw broken
    }
    if (this.waiting > 0) this.#scheduleFlush()
  }

  #respondResult(link: Link, call: Call, kind: number, body: Uint8Array): void {
    call.onResult(kind, body)
    this.#settle(call)
    this.#options.counters.succeeded += 1
    if (call.route === 'any') link.rest.reset()
    else this.#leaderRest.reset()
    // A status is answered by whoever is asked.
    if (link === this.members.leader && call.kind !== RequestKind.Status) this.members.progress()
  }

  #respondError(link: Link, call: Call, response: ErrorResponse): void {
    const verdict = judge(response, call)
    if (verdict.refusal !== null) {
      this.#fail(call, verdict.refusal)
      return
    }
    if (verdict.leaderLost) this.members.notLeader(link, response.leader)
    if (call.route === 'any') link.rest.begin()
    else if (verdict.retry === 'overloaded' || verdict.retry === 'deadline') this.#leaderRest.begin()
    this.#retry(call, verdict.retry, verdict.reason, response.outcome === 'unknown')
  }

  #retry(call: Call, reason: RetryReason, error: StoreError, wasUnknown: boolean): void {
    this.#options.counters.retries[reason] += 1
    if (wasUnknown && call.isWrite) call.tainted = true
    call.link = null
    call.last = error
    if (!this.#waiting.addAgain(call)) this.#fail(call, error)
  }

  #lost(link: Link, error: StoreError): void {
    for (const call of link.inFlight.takeAll()) {
      this.#unsend(call)
      if (call.isWrite && !call.idempotent) this.#fail(call, new OutcomeUnknownError(error.message, { cause: error }))
      else this.#retry(call, 'connection', error, true)
    }
    for (const call of this.#waiting.directed) if (isOnlyFor(call, link)) this.#fail(call, error)
    if (this.waiting > 0) this.#scheduleFlush()
  }

  /** What was sent to a silent member and changes nothing is asked of another that can answer it, if there is one that was not. */
  #silent(link: Link, givenUp: StoreError | null): void {
    const other = this.members.anyReady()
    for (const call of [...link.inFlight.values()]) {
      if (call.isWrite) continue
      if (isOnlyFor(call, link)) {
        if (givenUp !== null) this.#fail(call, givenUp)
      } else if (call.route === 'any' ? other !== null && !call.left?.has(other) : link !== this.members.leader) {
        link.withdraw(call)
        this.#unsend(call)
        this.#retry(call, 'silence', new ConnectionError(`${link.address} owes an answer and sends nothing`), false)
      }
    }
    if (this.waiting > 0) this.#scheduleFlush()
  }

  #abort(call: Call, reason: unknown): void {
    if (call.settled) return
    this.#options.counters.aborted += 1
    this.#fail(call, new AbortedError(call.outcomeUnknown, reason))
  }

  #expire(call: Call): void {
    this.#options.counters.timeouts += 1
    if (call.outcomeUnknown) this.#fail(call, new OutcomeUnknownError(`no answer within ${call.timeout} ms`))
    else this.#fail(call, new TimeoutError(call.timeout, call.link === null ? (this.#whyWaiting() ?? call.last) : null))
  }

  #whyWaiting(): StoreError | null {
    const { leader } = this.members
    if (leader?.silent) return new ConnectionError(`${leader.address}, which led, owes answers and sends nothing`)
    if (leader?.ready) return null
    return new NoLeaderError(this.members.whyNoLeader())
  }

  /** Takes the call from wherever it is, and rejects it. */
  #fail(call: Call, error: StoreError): void {
    if (call.settled) return
    this.#take(call)
    this.#settle(call)
    this.#reject(call, error)
  }

  /** Takes a call that is to be settled from where it waits, or from where its answer is awaited. */
  #take(call: Call): void {
    if (call.link?.inFlight.get(call.id) === call) {
      call.link.inFlight.delete(call.id)
      this.#unsend(call)
      if (this.waiting > 0) this.#scheduleFlush()
    } else if (call.link === null) this.#waiting.forget(call)
  }

  #unsend(call: Call): void {
    this.pending -= 1
    this.pendingBytes -= call.body.length
  }

  #settle(call: Call): void {
    call.settled = true
    if (call.left !== null) for (const link of call.left.keys()) link.forget(call)
    call.release?.()
  }

  #reject(call: Call, error: StoreError): void {
    const { counters } = this.#options
    counters.failed += 1
    if (error instanceof OutcomeUnknownError) counters.outcomesUnknown += 1
    call.onError(error)
  }

  #forEachCall(visit: (call: Call) => void): void {
    this.#waiting.forEach(visit)
    for (const link of this.members.links.values()) for (const call of link.inFlight.values()) visit(call)
  }

  #sweep(now: number): number {
    const expired: Call[] = []
    let next = Number.POSITIVE_INFINITY
    this.#forEachCall((call) => {
      if (call.deadline <= now) expired.push(call)
      else if (call.deadline < next) next = call.deadline
    })
    for (const call of expired) this.#expire(call)
    return next
  }
}
