import type { Connection, Connector } from '@raft/client'
import { ClientEndpoint, RequestKind, type ServerPreamble } from '@raft/client/protocol'
import type { Clock } from '@raft/core'
import { SilenceWatch } from './silence-watch.js'

/** How a request over a connection ended. */
export type Reply =
  | { readonly type: 'response'; readonly kind: number; readonly body: Uint8Array }
  /** It never left this process. */
  | { readonly type: 'notSent' }
  /** It never left this process, for it is larger than the member takes: `limit` bytes. */
  | { readonly type: 'tooLarge'; readonly limit: number }
  /** It left, and the connection ended before the answer. */
  | { readonly type: 'lost' }

interface Request {
  readonly kind: number
  /** In ms from `since` on; 0: none. */
  readonly timeout: number
  readonly since: number
  readonly body: Uint8Array
  readonly done: (reply: Reply) => void
}

/** A request that has left and is not answered. */
interface Sent {
  readonly bytes: number
  /** Null: the answer is not wanted any more. */
  readonly done: ((reply: Reply) => void) | null
}

export interface MemberConnectionOptions {
  /** `host:port`. */
  readonly address: string
  readonly memberId: string
  readonly clusterId: string
  /** In ms: for the connection and the greeting. */
  readonly connectTimeout: number
  /** In ms: a connection that owes answers and is silent for so long is given up. */
  readonly silenceTimeout: number
  readonly connector: Connector
  readonly clock: Clock
  readonly onClose: () => void
  /** The other side has said that it is the member that was meant. */
  readonly onGreeted?: () => void
  /** The connection could not be used; for the log. */
  readonly onProblem: (message: string) => void
}

/** The requests over one connection, as counted for the simulation. */
export interface MemberConnectionHoldings {
  /** Requests that were not answered, wanted or not. */
  readonly requests: number
  /** Answers that are waited for, those to questions for a sign of life among them. */
  readonly owed: number
  /** Bytes of requests that have left and that have not: as they are counted, and as they are found. These are equal. */
  readonly counted: Readonly<Record<'sent' | 'unsent', number>>
  readonly found: Readonly<Record<'sent' | 'unsent', number>>
}

/** The id of the requests that only ask for a sign of life. */
const PROBE_ID = 0
/**
 * Upper bounds on the bytes and the requests under way over one connection. A member stops reading a connection that has twice as
 * much under way, and would not see there that it is asked for a sign of life.
 */
const MAX_SENT_BYTES = 16 * 1024 * 1024
const MAX_SENT = 8192
/** Silence after which a member that leads no more is given up, in ms; twice as long as its greeting took, where that is longer. */
const REPLACED_TIMEOUT = 60
const NO_BODY = new Uint8Array(0)

/**
 * One persistent connection to another member's client address. All requests of one turn leave in one write. Nothing is
 * sent before the other side has said that it is the member and the cluster that were meant; nothing is ever sent twice.
 * No more is under way at one time than the member reads; the rest waits here, and has certainly no effect.
 * A connection that owes answers and brings nothing, not even the answer to a question that any member answers at once, is
 * given up: it may have died without a word, or the member may hang.
 */
export class MemberConnection {
  readonly #options: MemberConnectionOptions
  readonly #connection: Connection
  readonly #endpoint: ClientEndpoint
  /** What the member has not answered, wanted or not. */
  readonly #sent = new Map<number, Sent>()
  #sentBytes = 0
  /** To be sent once the greeting has come and there is room, in this order. */
  readonly #unsent = new Map<number, Request>()
  #unsentBytes = 0
  #isGreeted = false
  #lastId = 0
  readonly #cancelTimeout: () => void
  #flushDue = false
  #closed = false
  /** Bytes that were written since there was no more room. */
  #heldBytes = 0
  /** The largest request that the member takes, in bytes. */
  #maxRequestBytes = Number.POSITIVE_INFINITY
  readonly #silence: SilenceWatch
  readonly #begunAt: number
  /** How long the connection and the greeting took, in ms. */
  #greetingTime = 0

  constructor(options: MemberConnectionOptions) {
    this.#options = options
    this.#endpoint = new ClientEndpoint({
      onGreeting: (server) => this.#greeted(server),
      onResponse: (id, kind, body) => this.#answered(id, { type: 'response', kind, body }),
    })
    const { clock, connector, address, connectTimeout, silenceTimeout } = options
    this.#silence = new SilenceWatch({
      clock,
      timeout: silenceTimeout,
      probe: () => this.#probe(),
      waitingBytes: () => this.#leavingBytes,
      giveUp: (timeout) => this.#fail(`it sent nothing for ${Math.round(timeout)} ms while answers were due`),
    })
    this.#begunAt = clock.now()
    this.#cancelTimeout = clock.schedule(clock.now() + connectTimeout, () => this.#fail(`it did not answer within ${connectTimeout} ms`))
    this.#connection = connector.connect(address, {
      onOpen: () => this.#flush(),
      onData: (chunk) => this.#receive(chunk),
      onDrain: () => {
        this.#heldBytes = 0
      },
      onClose: (error) => this.#ended(error),
    })
  }

  /** Whether requests can leave: the other side is the member that was meant. */
  get isGreeted(): boolean {
    return this.#isGreeted
  }

  get memberId(): string {
    return this.#options.memberId
  }

  /** Bytes that wait to be sent. */
  get waitingBytes(): number {
    return this.#unsentBytes + this.#leavingBytes
  }

  /** @internal What is held for requests, as it is counted and as it is found. For the simulation. */
  holdings(): MemberConnectionHoldings {
    const sum = (requests: Iterable<number>) => [...requests].reduce((total, bytes) => total + bytes, 0)
    return {
      requests: this.#sent.size + this.#unsent.size,
      owed: this.#silence.owed,
      counted: { sent: this.#sentBytes, unsent: this.#unsentBytes },
      found: {
        sent: sum([...this.#sent.values()].map(({ bytes }) => bytes)),
        unsent: sum([...this.#unsent.values()].map(({ body }) => body.length)),
      },
    }
  }

  get #leavingBytes(): number {
    return this.#heldBytes + this.#endpoint.pendingBytes
  }

  /** `done` is called once, never from inside. Returns the request's id, for `cancel`. */
  request(kind: number, timeout: number, body: Uint8Array, done: (reply: Reply) => void): number {
    const id = this.#nextId()
    const { clock } = this.#options
    const request = { kind, timeout, since: clock.now(), body, done }
    if (this.#closed) clock.defer(() => done({ type: 'notSent' }))
    else if (this.#unsent.size === 0 && this.#hasRoomFor(request)) this.#send(id, request)
    else {
      this.#unsent.set(id, request)
      this.#unsentBytes += body.length
    }
    return id
  }

  /** Whether the request has left. */
  hasSent(id: number): boolean {
    return (this.#sent.get(id)?.done ?? null) !== null
  }

  /** The answer is not wanted any more. Returns whether the request has left. */
  cancel(id: number): boolean {
    this.#takeUnsent(id)
    const sent = this.#sent.get(id)
    if (sent === undefined || sent.done === null) return false
    // The member has it all the same.
    this.#sent.set(id, { bytes: sent.bytes, done: null })
    return true
  }

  /**
   * Another member leads: a member that works has been told so, and says what has become of what it was sent. One that has been cut
   * off, or hangs, is not waited for.
   */
  isReplaced(): void {
    this.#silence.hurry(Math.max(REPLACED_TIMEOUT, 2 * this.#greetingTime))
  }

  /** The member leads, again or as before: its answers are worth waiting for. */
  isLeader(): void {
    this.#silence.calm()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelTimeout()
    this.#silence.close()
    this.#connection.close()
    const unsent = [...this.#unsent.values()]
    const sent = [...this.#sent.values()]
    this.#unsent.clear()
    this.#sent.clear()
    this.#options.onClose()
    for (const { done } of unsent) done({ type: 'notSent' })
    for (const { done } of sent) done?.({ type: 'lost' })
  }

  #nextId(): number {
    do this.#lastId = (this.#lastId + 1) >>> 0
    while (this.#lastId === PROBE_ID || this.#sent.has(this.#lastId) || this.#unsent.has(this.#lastId))
    return this.#lastId
  }

  #hasRoomFor({ body }: Request): boolean {
    if (!this.#isGreeted) return false
    return this.#sent.size === 0 || (this.#sent.size < MAX_SENT && this.#sentBytes + body.length <= MAX_SENT_BYTES)
  }

  #sendUnsent(): void {
    for (const [id, request] of this.#unsent) {
      if (!this.#hasRoomFor(request)) return
      this.#takeUnsent(id)
      this.#send(id, request)
    }
  }

  #takeUnsent(id: number): void {
    const request = this.#unsent.get(id)
    if (request === undefined) return
    this.#unsent.delete(id)
    this.#unsentBytes -= request.body.length
  }

  #send(id: number, { kind, timeout, since, body, done }: Request): void {
    const { clock } = this.#options
    const limit = this.#maxRequestBytes
    if (body.length > limit) {
      clock.defer(() => done({ type: 'tooLarge', limit }))
      return
    }
    this.#sent.set(id, { bytes: body.length, done })
    this.#sentBytes += body.length
    this.#ask(id, kind, timeout === 0 ? 0 : Math.max(1, Math.ceil(timeout - (clock.now() - since))), body)
  }

  #probe(): void {
    this.#ask(PROBE_ID, RequestKind.Status, 0, NO_BODY)
  }

  #ask(id: number, kind: number, timeout: number, body: Uint8Array): void {
    this.#silence.asked(body.length)
    this.#endpoint.request(id, kind, timeout, body)
    if (this.#flushDue) return
    this.#flushDue = true
    this.#options.clock.defer(() => this.#flush())
  }

  #flush(): void {
    this.#flushDue = false
    if (this.#closed) return
    const bytes = this.#endpoint.take()
    if (bytes !== null && !this.#connection.write(bytes)) this.#heldBytes += bytes.length
  }

  #receive(chunk: Uint8Array): void {
    this.#silence.heard()
    try {
      this.#endpoint.receive(chunk)
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error))
    }
  }

  #greeted({ memberId, clusterId, maxRequestBytes }: ServerPreamble): void {
    const { memberId: expected, clusterId: cluster } = this.#options
    if (memberId !== expected || clusterId !== cluster) {
      this.#fail(`it is ${memberId} of cluster ${clusterId}, not ${expected} of cluster ${cluster}`)
      return
    }
    this.#cancelTimeout()
    this.#greetingTime = this.#options.clock.now() - this.#begunAt
    if (maxRequestBytes !== null) this.#maxRequestBytes = maxRequestBytes
    this.#isGreeted = true
    this.#options.onGreeted?.()
    this.#sendUnsent()
  }

  #answered(id: number, reply: Reply): void {
    this.#silence.answered()
    const sent = this.#sent.get(id)
    // Unknown: it was a sign of life.
    if (sent === undefined) return
    this.#sent.delete(id)
    this.#sentBytes -= sent.bytes
    sent.done?.(reply)
    this.#sendUnsent()
  }

  #ended(error: Error | null): void {
    if (error === null) this.close()
    // Where a name has several addresses, Node's error has no message of its own.
    else this.#fail(error.message || (error as NodeJS.ErrnoException).code || error.name)
  }

  #fail(message: string): void {
    if (this.#closed) return
    const { memberId, address } = this.#options
    this.#options.onProblem(`the connection to ${memberId} at ${address} failed: ${message}`)
    this.close()
  }
}
