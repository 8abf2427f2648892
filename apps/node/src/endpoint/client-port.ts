import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { FIRST_BYTE } from '@raft/client/protocol'
import { clearTimeout, setImmediate, setTimeout } from '@raft/system'
import type { HostPort } from '../config/address.js'
import { addressesOf, isNoAddressHere } from '../config/listening.js'
import { sendError } from '../http/answer.js'
import { HttpServer } from '../http/http-server.js'
import { LAST_MOMENT, Pipelines } from '../http/pipeline.js'
import { reasonOf, tooLate, tooManyClients, writeRefusal } from '../http/refusal.js'
import { type MemberSeal, TLS_FIRST_BYTE } from '../routing/member-seal.js'
import { onSocket } from './byte-stream.js'
import { closeGently, LINGER } from './close-gently.js'
import { ConnectionBurst } from './connection-burst.js'
import { ConnectionSlots, type Places, placesFor, type Slot, type TurnAwayReason } from './connection-slots.js'
import { nobodyComes } from './nobody-comes.js'
import { ProtocolConnection } from './protocol-connection.js'
import type { ProtocolConnectionOptions } from './protocol-options.js'

export interface ClientPortOptions {
  readonly address: HostPort
  /** All addresses of a host, the first to be tried first. Default: what the system says. */
  readonly resolve?: (host: string) => Promise<readonly string[]>
  readonly onRequest: RequestListener
  readonly protocol: ProtocolConnectionOptions
  /** Connections of clients at one time; those beyond it are refused. */
  readonly maxConnections: number
  /**
   * Connections of all kinds at one time, those that are turned away among them, and at least 16. Where they do not suffice for
   * `maxConnections` clients and the members, fewer clients are served. Default: without limit.
   */
  readonly maxSockets?: number
  /** By what other members prove themselves, and get places of their own; null: they are clients like others. */
  readonly seal: MemberSeal | null
  /** A connection was turned away: see `TurnAwayReason`; `handshake`: what should have been a member's could not prove itself. */
  readonly onRefused: (reason: TurnAwayReason | 'handshake') => void
  /** A connection that asks for nothing is closed after this long, in ms. */
  readonly idleTimeout: number
  /** How long clients may take over what they do; default `patience`. */
  readonly patience?: Patience
}

/** In ms. */
interface Patience {
  /** Within this long a new connection must have introduced itself: by a whole preamble, the head of a request, or as a member. */
  readonly introduction: number
  /** Within this long the head of any later request must be complete. */
  readonly head: number
  /** Within this long a request must be complete, its body included. */
  readonly request: number
  /** How long a client may take to see that it was answered for the last time. */
  readonly linger: number
}

const patience: Patience = { introduction: 10_000, head: 10_000, request: 60_000, linger: LINGER }
const MAX_HEADER_BYTES = 256 * 1024
/** How long the client of an idle connection may take to end it, too, when the member stops; ms. */
const LAST_LINGER = 500
/** How often it is looked at whether everything is answered when the member stops; ms. */
const ANSWERED_INTERVAL = 5

type Listener = (this: Server, socket: Socket) => void

/** One port for HTTP and for the client protocol: the first byte of a connection tells which. */
export class ClientPort {
  readonly #options: ClientPortOptions
  readonly #server: Server
  readonly #serveHttp: Listener
  readonly #pipelines: Pipelines
  readonly #burst = new ConnectionBurst()
  readonly #protocols = new Set<ProtocolConnection>()
  readonly #patience: Patience
  /** The place of every connection that is open. */
  readonly #sockets = new Map<Socket, Slot>()
  readonly #places: Places
  readonly #slots: ConnectionSlots
  /** Those that have said nothing yet. */
  readonly #silent = new Set<Socket>()
  /** Connections that have come. */
  #came = 0
  #closing = false
  #destroyed = false
  /** Begin to read connections that came when it was almost over: after the port is closed. Null before: they are read at once. */
  #delayed: (() => void)[] | null = null
  #endMoment = () => {}
  #dead = false
  #closed: Promise<void> | undefined

  constructor(options: ClientPortOptions) {
    this.#options = options
    this.#patience = options.patience ?? patience
    const { maxConnections, maxSockets = Number.POSITIVE_INFINITY, onRefused } = options
    this.#places = placesFor(maxConnections, maxSockets)
    this.#slots = new ConnectionSlots({ places: this.#places, introduction: this.#patience.introduction, onRefused })
    const { head, request } = this.#patience
    this.#server = new HttpServer({
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: head,
      requestTimeout: request,
      connectionsCheckingInterval: Math.min(head, request) / 2,
      keepAliveTimeout: options.idleTimeout,
      noDelay: true,
    })
    // The server stays the listener, so that its timeouts run; its connections come to it by way of the first byte.
    const [listener] = this.#server.listeners('connection') as Listener[]
    if (listener === undefined) throw new Error('this version of Node has an HTTP server without a connection listener')
    this.#serveHttp = listener
    this.#server.removeAllListeners('connection')
    this.#server.on('connection', (socket: Socket) => this.#accept(socket))
    this.#pipelines = new Pipelines({
      handle: options.onRequest,
      account: options.protocol.account,
      refuse: (socket, error) => {
        writeRefusal(socket, error)
        closeGently(socket, this.#patience.linger)
      },
      end: (socket) => closeGently(socket, this.#linger),
    })
    const take: RequestListener = (request, response) => {
      if (!this.#hasPlace(request.socket, response)) return
      if (this.#closing) this.#take(request, response)
      else this.#burst.run(() => this.#take(request, response))
    }
    this.#server.on('request', take)
    this.#server.on('checkContinue', take)
    this.#server.on('checkExpectation', take)
    // Whoever does not take an answer would keep it here for ever.
    this.#server.setTimeout(options.idleTimeout, (socket: Socket) => {
      if (!this.#pipelines.isBusy(socket)) socket.destroy()
    })
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => this.#fail(socket, error))
  }

  /** Connections that are open, those that have not introduced themselves among them. */
  get connections(): number {
    return this.#sockets.size
  }

  /** Maximum number of connections of clients. */
  get maxClients(): number {
    return this.#places.clients
  }

  /** Connections of other members among them. */
  get members(): number {
    return this.#slots.members
  }

  /**
   * At the first address of the host that this machine has. Fulfilled with where that is.
   * @throws the system's error when the address cannot be bound
   */
  async listen(): Promise<HostPort> {
    const { address, resolve = addressesOf } = this.#options
    const hosts = await resolve(address.host)
    for (const [i, host] of hosts.entries()) {
      try {
        return await this.#listenAt({ ...address, host })
      } catch (error) {
        if (!isNoAddressHere(error) || i === hosts.length - 1) throw error
      }
    }
    throw new Error(`${address.host} has no address`)
  }

  #listenAt({ host, port }: HostPort): Promise<HostPort> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject)
        // Nothing here may end the process. Where there is no descriptor for a new connection, libuv ends that one.
        this.#server.on('error', () => {})
        resolve({ host, port })
      })
    })
  }

  /** Takes nothing new, lets what is under way be answered, and fulfils once every connection has ended. */
  close(): Promise<void> {
    if (this.#closed !== undefined) return this.#closed
    // What came before is under way.
    this.#burst.flush()
    this.#closing = true
    this.#pipelines.close()
    for (const connection of this.#protocols) connection.refuse()
    this.#closed = this.#stopListening()
    return this.#closed
  }

  /** After `close`: fulfilled once every request that was taken is answered. What comes after them needs nothing of the member. */
  async answered(): Promise<void> {
    const isAnswered = () => this.#pipelines.isAnswered && [...this.#protocols].every((connection) => connection.isAnswered)
    while (!isAnswered()) await new Promise((resolve) => setTimeout(resolve, ANSWERED_INTERVAL))
  }

  /**
   * The member has died: clients that speak the client protocol are told to ask another. HTTP is served on, and says what the
   * matter is.
   */
  died(): void {
    this.#dead = true
    for (const connection of this.#protocols) connection.refuse()
  }

  /** Ends every connection, whatever is under way. */
  destroy(): void {
    this.#destroyed = true
    this.#endMoment()
    for (const socket of this.#sockets.keys()) socket.destroy()
  }

  /**
   * A client that is answered for the last time connects again, and is to hear in an answer that this member stops. So connections
   * are taken for a moment longer, where there are any. Fulfilled once every connection has ended.
   */
  async #stopListening(): Promise<void> {
    const silent = [...this.#silent]
    if ([...this.#sockets.keys()].some((socket) => socket.writable)) await this.#lastMoment()
    this.#endSilent(silent)
    // Clients that are refused may connect again at once, and as long as they do, some connections have always come that are not
    // taken yet. While they wait for an answer they do not come.
    const delayed: (() => void)[] = []
    this.#delayed = delayed
    await nobodyComes(() => this.#came)
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#delayed = null
    for (const begin of delayed) begin()
    // Those that have come since have a moment of their own.
    if (this.#silent.size > 0) void this.#lastMoment().then(() => this.#endSilent(this.#silent))
    return closed
  }

  /** Fulfilled after a moment, or when every connection is to end. */
  #lastMoment(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => setImmediate(resolve), LAST_MOMENT)
      this.#endMoment = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #endSilent(sockets: Iterable<Socket>): void {
    for (const socket of sockets) if (this.#silent.has(socket)) closeGently(socket, this.#linger)
  }

  /** How long the client of a connection that ends gently may take. */
  get #linger(): number {
    const { linger } = this.#patience
    return this.#closing ? Math.min(linger, LAST_LINGER) : linger
  }

  #accept(socket: Socket): void {
    if (this.#destroyed) {
      socket.destroy()
      return
    }
    this.#came += 1
    this.#burst.came()
    const slot = this.#slots.enter(() => socket.destroy())
    this.#sockets.set(socket, slot)
    this.#silent.add(socket)
    socket.on('close', () => {
      this.#sockets.delete(socket)
      this.#silent.delete(socket)
      slot.leave()
    })
    const onError = () => socket.destroy()
    socket.on('error', onError)
    socket.once('end', onError)
    const begin = () =>
      socket.once('data', (chunk: Buffer) => {
        this.#silent.delete(socket)
        socket.off('end', onError)
        socket.off('error', onError)
        this.#serve(socket, slot, chunk)
      })
    if (this.#delayed === null) begin()
    else this.#delayed.push(begin)
  }

  #serve(socket: Socket, slot: Slot, chunk: Buffer): void {
    const { seal } = this.#options
    socket.pause()
    socket.unshift(chunk)
    if (chunk[0] === FIRST_BYTE) this.#serveProtocol(socket, slot)
    else if (chunk[0] === TLS_FIRST_BYTE && seal !== null) {
      this.#serveMember(socket, slot, seal)
      return
    } else {
      slot.onTurnedAway = (reason) => this.#turnAwayHttp(socket, reason)
      // How Node ends a connection after its last answer, which may be given before the request has come whole.
      socket.destroySoon = () => closeGently(socket, this.#patience.linger)
      this.#serveHttp.call(this.#server, socket)
    }
    socket.resume()
  }

  /** A connection that completes the handshake is a member's, and speaks the client protocol from there on. */
  #serveMember(socket: Socket, slot: Slot, seal: MemberSeal): void {
    const sealed = seal.accept(socket)
    let hasProved = false
    socket.on('error', () => socket.destroy())
    sealed.on('error', () => {
      if (!hasProved) this.#options.onRefused('handshake')
      socket.destroy()
    })
    // Read from now on, or the end of the other side would not be noticed. Nothing comes of it before the handshake has ended.
    const onEnd = () => socket.destroy()
    sealed.once('end', onEnd)
    sealed.resume()
    sealed.once('secure', () => {
      sealed.off('end', onEnd)
      hasProved = true
      if (slot.becomeMember()) this.#serveProtocol(sealed, slot)
    })
  }

  /** Whether the connection of this request may have a place; where not, the request is answered. */
  #hasPlace(socket: Socket, response: ServerResponse): boolean {
    if (this.#sockets.get(socket)?.becomeClient() === true) return true
    response.shouldKeepAlive = false
    sendError(response, tooManyClients())
    return false
  }

  #turnAwayHttp(socket: Socket, reason: TurnAwayReason): void {
    // It has sent a request, which is answered.
    if (reason === 'full') return
    if (reason === 'displaced' || !socket.writable) {
      socket.destroy()
      return
    }
    writeRefusal(socket, tooLate())
    closeGently(socket, this.#patience.linger)
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    // A connection that has ended, or been answered for the last time, while the request waited.
    if (request.socket.writable) this.#pipelines.take(request, response)
  }

  #serveProtocol(socket: Socket, slot: Slot): void {
    const { protocol, idleTimeout } = this.#options
    const timeouts = { idle: idleTimeout, linger: this.#patience.linger }
    const introduced = () => slot.becomeClient()
    const connection = onSocket(socket, timeouts, (stream) => new ProtocolConnection(stream, protocol, introduced))
    this.#protocols.add(connection)
    socket.on('close', () => this.#protocols.delete(connection))
    if (this.#closing || this.#dead) connection.refuse()
  }

  /** The connection is broken, or what came on it is no HTTP request. */
  #fail(socket: Socket, error: NodeJS.ErrnoException): void {
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy()
      return
    }
    // It may be the body of a request that waits.
    this.#burst.flush()
    this.#pipelines.fail(socket, reasonOf(error))
  }
}
