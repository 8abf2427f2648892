import type { Connection, Connector } from '@raft/client'
import { ClientEndpoint } from '@raft/client/protocol'
import type { Clock } from '@raft/core'

/** How a request over a connection ended. */
export type Reply =
  | { readonly type: 'response'; readonly kind: number; readonly body: Uint8Array }
  /** It never left this process. */
  | { readonly type: 'notSent' }
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
  readonly connector: Connector
  readonly clock: Clock
  readonly onClose: () => void
  /** The connection could not be used; for the log. */
  readonly onProblem: (message: string) => void
}

/**
 * One persistent connection to another member's client address. All requests of one turn leave in one write. Nothing is
 * sent before the other side has said that it is the member and the cluster that were meant; nothing is ever sent twice.
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
  #lastHeardAt: number

  constructor(options: MemberConnectionOptions) {
    this.#options = options
    this.#endpoint = new ClientEndpoint({
      onGreeting: (server) => this.#greeted(server.memberId, server.clusterId),
      onResponse: (id, kind, body) => this.#answered(id, { type: 'response', kind, body }),
    })
    const { clock, connector, address, connectTimeout } = options
    this.#lastHeardAt = clock.now()
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

  /** When bytes came last, by the clock. */
  get lastHeardAt(): number {
    return this.#lastHeardAt
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

  /** The answer is not wanted any more. Returns whether the request has left. */
  cancel(id: number): boolean {
    if (this.#unsent?.delete(id) === true) return false
    this.#sent.delete(id)
    return true
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelTimeout()
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
    while (this.#sent.has(this.#lastId) || this.#unsent?.has(this.#lastId) === true)
    return this.#lastId
  }

  #send(id: number, request: Request): void {
    this.#sent.set(id, request)
    this.#endpoint.request(id, request.kind, request.timeout, request.body)
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
    this.#lastHeardAt = this.#options.clock.now()
    try {
      this.#endpoint.receive(chunk)
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error))
    }
  }

  #greeted(memberId: string, clusterId: string): void {
    const { memberId: expected, clusterId: cluster } = this.#options
    if (memberId !== expected || clusterId !== cluster) {
      this.#fail(`is ${memberId} of cluster ${clusterId}, not ${expected} of cluster ${cluster}`)
      return
    }
    this.#cancelTimeout()
    const unsent = this.#unsent ?? new Map<number, Request>()
    this.#unsent = null
    for (const [id, request] of unsent) this.#send(id, request)
  }

  #answered(id: number, reply: Reply): void {
    const request = this.#sent.get(id)
    // Unknown: its deadline has passed meanwhile.
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
