import { CommandTooLargeError, OutcomeUnknownError, ProtocolError, type StoreError } from '@raft/commands'
import type { Call } from './call.js'
import { CallsById } from './calls-by-id.js'
import { ConnectionError } from './errors.js'
import type { Connection, Connector } from './ports.js'
import { ClientEndpoint } from './protocol/client-endpoint.js'
import type { ServerPreamble } from './protocol/preamble.js'
import { REQUEST_HEAD_BYTES, RequestKind } from './protocol/request.js'
import { decodeStatus, ResponseKind, type StatusResult } from './protocol/response.js'
import { Rest, type RestOptions } from './rest.js'
import type { Counters } from './statistics.js'

/** The id of the client's own requests for status; those of calls begin at 1. */
const PROBE_ID = 0
const MAX_ID = 0xffff_ffff
const MAX_TIMEOUT = 0xffff_ffff
const NO_BODY = new Uint8Array(0)

export interface LinkEvents {
  readonly onReady: (link: Link) => void
  readonly onStatus: (link: Link, status: StatusResult) => void
  /** The call is not in `inFlight` any more; where `call.link` is not this link, it had been taken back. */
  readonly onResponse: (link: Link, call: Call, kind: number, body: Uint8Array) => void
  readonly onRoom: () => void
  /** Once. The calls in `inFlight` are the owner's to settle or to queue again. */
  readonly onLost: (link: Link, error: StoreError) => void
}

export interface LinkOptions extends RestOptions {
  readonly connector: Connector
  readonly counters: Counters
  /** Milliseconds from the attempt to connect to the member's preamble. */
  readonly connectTimeout: number
  readonly maxFrameBytes: number
}

/** One connection to one member, and the requests that were sent over it and not answered. */
export class Link {
  readonly address: string
  readonly inFlight = new CallsById()
  /** Calls that were sent and taken back: an answer to them is welcome, and nothing is done for them here. */
  readonly #left = new CallsById()
  /** The member has said who it is: requests may be sent. */
  ready = false
  memberId: string | null = null
  clusterId: string | null = null
  /** Consecutive calls of `tick` between which nothing arrived, although answers were due. */
  silentTicks = 0
  /** The member is not trusted to answer: nothing new is sent to it until something arrives. */
  silent = false
  /** Whether anything has arrived since the last `tick`. */
  #heard = false
  /** Bytes that were sent since something last arrived, also where the caller does not wait for the answer any more. */
  #unheardBytes = 0
  /** A request for status is under way. */
  #probing = false
  /** The largest body of a request that the member takes, in bytes. */
  #maxRequestBytes: number
  closed = false
  /** The socket takes more. */
  writable = false
  /** What any member can answer is asked of another meanwhile. */
  readonly rest: Rest
  readonly #options: LinkOptions
  readonly #events: LinkEvents
  readonly #endpoint: ClientEndpoint
  readonly #connection: Connection | null
  readonly #cancelTimeout: () => void
  #nextId = 1

  constructor(address: string, options: LinkOptions, events: LinkEvents) {
    this.address = address
    this.#options = options
    this.#events = events
    this.rest = new Rest(options, events.onRoom)
    this.#maxRequestBytes = options.maxFrameBytes - REQUEST_HEAD_BYTES
    this.#endpoint = new ClientEndpoint({
      onGreeting: (server) => this.#greeted(server),
      onResponse: (id, kind, body) => this.#response(id, kind, body),
      maxFrameBytes: options.maxFrameBytes,
    })
    const { clock, connectTimeout } = options
    this.#cancelTimeout = clock.schedule(clock.now() + connectTimeout, () =>
      this.lose(new ConnectionError(`${address} did not answer within ${connectTimeout} ms`)),
    )
    this.#connection = this.#connect()
  }

  /** Why the call is not to be sent to this member: it would be refused there for its size. Null: it may be. */
  refusal({ body, tainted }: Call): StoreError | null {
    if (body.length <= this.#maxRequestBytes) return null
    const error = CommandTooLargeError.of(body.length, this.#maxRequestBytes)
    return tainted ? new OutcomeUnknownError(`an earlier attempt was not answered; now: ${error.message}`, { cause: error }) : error
  }

  /** Sends the call, but for one that the member was sent before and owes an answer to yet: that answer is waited for again. */
  send(call: Call, timeout: number): void {
    const earlier = call.left?.get(this)
    const id = earlier ?? this.#takeId()
    call.link = this
    call.id = id
    this.#owe(earlier === undefined ? call.body.length : 0)
    this.forget(call)
    this.inFlight.add(id, call)
    if (earlier !== undefined) return
    this.#endpoint.request(id, call.kind, Math.min(Math.ceil(timeout), MAX_TIMEOUT), call.body)
  }

  /** Takes a call back, so that another member can be asked. An answer that comes before the call is settled is told all the same. */
  withdraw(call: Call): void {
    this.inFlight.delete(call.id)
    this.#left.add(call.id, call)
    call.left ??= new Map()
    call.left.set(this, call.id)
  }

  /** No answer to a call that was taken back is wanted any more. */
  forget(call: Call): void {
    const id = call.left?.get(this)
    if (id === undefined) return
    this.#left.delete(id)
    call.left?.delete(this)
  }

  /** Whether the member has yet to answer something that was sent to it. */
  get owes(): boolean {
    return this.inFlight.size > 0 || this.#probing || this.#unheardBytes > 0
  }

  /** How many calls were taken back from here and may be answered yet. */
  get takenBack(): number {
    return this.#left.size
  }

  /** Bytes that may be on their way yet: those that were sent since something last arrived; while the socket is full, all requests. */
  get owedBytes(): number {
    let owed = 0
    if (!this.writable) for (const call of this.inFlight.values()) owed += call.body.length
    return Math.max(owed, this.#unheardBytes)
  }

  /** Whether a write was sent that may not be sent again, and whose answer is awaited. */
  get owesOutcome(): boolean {
    for (const call of this.inFlight.values()) if (call.isWrite && !call.idempotent) return true
    return false
  }

  /** Asks the member for its status, unless an answer is still awaited. */
  probe(): void {
    if (!this.ready || this.#probing) return
    this.#owe(0)
    this.#probing = true
    this.#options.counters.probes += 1
    this.#endpoint.request(PROBE_ID, RequestKind.Status, 0, NO_BODY)
    this.flush()
  }

  /**
   * Counts how long the member has been silent. Intervals are counted, and not time: when this process itself was stopped for a
   * while, that is one interval, and what has arrived meanwhile is read before the next.
   */
  tick(): void {
    this.silentTicks = this.owes && !this.#heard ? this.silentTicks + 1 : 0
    this.#heard = false
  }

  /** Writes all that was sent, in one write. */
  flush(): void {
    if (this.closed || this.#connection === null) return
    const bytes = this.#endpoint.take()
    if (bytes === null) return
    this.#options.counters.socketWrites += 1
    this.#options.counters.bytesSent += bytes.length
    this.writable = this.#connection.write(bytes)
  }

  /** Gives the connection up; tells `onLost`. */
  lose(error: StoreError): void {
    if (this.closed) return
    this.#shut()
    const { counters } = this.#options
    if (this.ready) counters.disconnects += 1
    else counters.connectFailures += 1
    this.#events.onLost(this, error)
  }

  /** Ends it without a word. */
  close(): void {
    if (!this.closed) this.#shut()
  }

  #shut(): void {
    this.closed = true
    this.writable = false
    this.#cancelTimeout()
    this.rest.cancel()
    for (const call of this.#left.takeAll()) call.left?.delete(this)
    this.#connection?.close()
  }

  #connect(): Connection | null {
    const { connector, clock } = this.#options
    try {
      return connector.connect(this.address, {
        onOpen: () => {
          if (!this.closed) this.flush()
        },
        onData: (chunk) => this.#data(chunk),
        onDrain: () => {
          if (this.closed) return
          this.writable = true
          this.#events.onRoom()
        },
        onClose: (error) => {
          const why = error === null ? 'closed by the member' : reasonOf(error)
          this.lose(
            new ConnectionError(
              `${this.ready ? 'lost' : 'no'} connection to ${this.address}: ${why}`,
              error === null ? undefined : { cause: error },
            ),
          )
        },
      })
    } catch (error) {
      // An address that cannot be one: told like any other failure, and never from inside the constructor.
      clock.defer(() => this.lose(new ConnectionError(`cannot connect to ${this.address}: ${String(error)}`, { cause: error })))
      return null
    }
  }

  /** The first thing that is owed: silence counts from here on. */
  #owe(bodyBytes: number): void {
    if (!this.owes) {
      this.#heard = false
      this.silentTicks = 0
    }
    this.#unheardBytes += REQUEST_HEAD_BYTES + bodyBytes
  }

  #data(chunk: Uint8Array): void {
    if (this.closed) return
    const wasSilent = this.silent
    this.silent = false
    this.#heard = true
    this.#unheardBytes = 0
    this.#options.counters.bytesReceived += chunk.length
    try {
      this.#endpoint.receive(chunk)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.lose(error)
    }
    if (wasSilent && !this.closed) this.#events.onRoom()
  }

  #greeted({ memberId, clusterId, maxRequestBytes }: ServerPreamble): void {
    this.#cancelTimeout()
    this.ready = true
    this.writable = true
    this.memberId = memberId
    this.clusterId = clusterId
    if (maxRequestBytes !== null) this.#maxRequestBytes = Math.min(this.#maxRequestBytes, maxRequestBytes)
    this.#options.counters.connects += 1
    this.#events.onReady(this)
  }

  #response(id: number, kind: number, body: Uint8Array): void {
    // The rest of a chunk, after something in it made the owner give the connection up.
    if (this.closed) return
    if (id === PROBE_ID) {
      if (!this.#probing) throw new ProtocolError('a status that nobody asked for')
      this.#probing = false
      if (kind === ResponseKind.Status) this.#events.onStatus(this, decodeStatus(body))
      return
    }
    const call = this.inFlight.get(id) ?? this.#left.get(id)
    if (call === undefined) {
      this.#options.counters.lateResponses += 1
      return
    }
    this.inFlight.delete(id)
    this.forget(call)
    this.#events.onResponse(this, call, kind, body)
  }

  #takeId(): number {
    do {
      this.#nextId = this.#nextId === MAX_ID ? 1 : this.#nextId + 1
    } while (this.inFlight.get(this.#nextId) !== undefined || this.#left.get(this.#nextId) !== undefined)
    return this.#nextId
  }
}

/** Where a name has several addresses, Node's error has no message of its own. */
function reasonOf(error: Error): string {
  return error.message || (error as { code?: string }).code || error.name
}
