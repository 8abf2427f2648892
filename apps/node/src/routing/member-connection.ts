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
  readonly timeout: number
  readonly body: Uint8Array
  readonly done: (reply: Reply) => void
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
  /** The connection could not be used; for the log. */
  readonly onProblem: (message: string) => void
}

/** The id of the requests that only ask for a sign of life. */
const PROBE_ID = 0
const NO_BODY = new Uint8Array(0)

/**
 * One persistent connection to another member's client address. All requests of one turn leave in one write. Nothing is
 * sent before the other side has said that it is the member and the cluster that were meant; nothing is ever sent twice.
 * A connection that owes answers and brings nothing, not even the answer to a question that any member answers at once, is
 * given up: it may have died without a word, or the member may hang.
 */
export class MemberConnection {
  readonly #options: MemberConnectionOptions
  readonly #connection: Connection
  readonly #endpoint: ClientEndpoint
  /** Sent, and not yet answered. */
  readonly #sent = new Map<number, Request>()
  /** To be sent once the greeting has come; null from then on. */
  #unsent: Map<number, Request> | null = new Map()
  #lastId = 0
  readonly #cancelTimeout: () => void
  #flushDue = false
  #closed = false
  /** Bytes that were written since there was no more room. */
  #heldBytes = 0
  /** The largest request that the member takes, in bytes. */
  #maxRequestBytes = Number.POSITIVE_INFINITY
  readonly #silence: SilenceWatch

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
      giveUp: () => this.#fail(`sent nothing for ${silenceTimeout} ms while answers were due`),
    })
    this.#cancelTimeout = clock.schedule(clock.now() + connectTimeout, () => this.#fail('did not answer in time'))
    this.#connection = connector.connect(address, {
      onOpen: () => this.#flush(),
      onData: (chunk) => this.#receive(chunk),
      onDrain: () => {
        this.#heldBytes = 0
      },
      onClose: (error) => this.#ended(error),
    })
  }

  get memberId(): string {
    return this.#options.memberId
  }

  /** Bytes that wait to be sent. */
  get waitingBytes(): number {
    return this.#heldBytes + this.#endpoint.pendingBytes
  }

  /** `done` is called once, never from inside. Returns the request's id, for `cancel`. */
  request(kind: number, timeout: number, body: Uint8Array, done: (reply: Reply) => void): number {
    const id = this.#nextId()
    const request = { kind, timeout, body, done }
    if (this.#closed) this.#options.clock.defer(() => done({ type: 'notSent' }))
    else if (this.#unsent !== null) this.#unsent.set(id, request)
    else this.#send(id, request)
    return id
  }

  /** Whether the request has left. */
  hasSent(id: number): boolean {
    return this.#sent.has(id)
  }

  /** The answer is not wanted any more. Returns whether the request has left. */
  cancel(id: number): boolean {
    return this.#unsent?.delete(id) !== true && this.#sent.delete(id)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelTimeout()
    this.#silence.close()
    this.#connection.close()
    const unsent = [...(this.#unsent ?? new Map<number, Request>()).values()]
    const sent = [...this.#sent.values()]
    this.#unsent = null
    this.#sent.clear()
    this.#options.onClose()
    for (const { done } of unsent) done({ type: 'notSent' })
    for (const { done } of sent) done({ type: 'lost' })
  }

  #nextId(): number {
    do this.#lastId = (this.#lastId + 1) >>> 0
    while (this.#lastId === PROBE_ID || this.#sent.has(this.#lastId) || this.#unsent?.has(this.#lastId) === true)
    return this.#lastId
  }

  #send(id: number, request: Request): void {
    const { kind, timeout, body, done } = request
    const limit = this.#maxRequestBytes
    if (body.length > limit) {
      this.#options.clock.defer(() => done({ type: 'tooLarge', limit }))
      return
    }
    this.#sent.set(id, request)
    this.#ask(id, kind, timeout, body)
  }

  #probe(): void {
    this.#ask(PROBE_ID, RequestKind.Status, 0, NO_BODY)
  }

  #ask(id: number, kind: number, timeout: number, body: Uint8Array): void {
    this.#silence.asked()
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
      this.#fail(`is ${memberId} of cluster ${clusterId}, not ${expected} of cluster ${cluster}`)
      return
    }
    this.#cancelTimeout()
    if (maxRequestBytes !== null) this.#maxRequestBytes = maxRequestBytes
    const unsent = this.#unsent ?? new Map<number, Request>()
    this.#unsent = null
    for (const [id, request] of unsent) this.#send(id, request)
  }

  #answered(id: number, reply: Reply): void {
    this.#silence.answered()
    const request = this.#sent.get(id)
    // Unknown: nobody waits for it any more, or it was a sign of life.
    if (request === undefined) return
    this.#sent.delete(id)
    request.done(reply)
  }

  #ended(error: Error | null): void {
    if (error === null) this.close()
    else this.#fail(error.message)
  }

  #fail(message: string): void {
    if (this.#closed) return
    const { memberId, address } = this.#options
    this.#options.onProblem(`the connection to ${memberId} at ${address} failed: ${message}`)
    this.close()
  }
}
