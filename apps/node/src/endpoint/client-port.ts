import { type IncomingMessage, type RequestListener, Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { FIRST_BYTE } from '@raft/client/protocol'
import type { HostPort } from '../config/address.js'
import { Pipelines } from '../http/pipeline.js'
import { reasonOf, writeRefusal } from '../http/refusal.js'
import { onSocket } from './byte-stream.js'
import { closeGently, LINGER } from './close-gently.js'
import { ConnectionBurst } from './connection-burst.js'
import { ProtocolConnection } from './protocol-connection.js'
import type { ProtocolConnectionOptions } from './protocol-options.js'

export interface ClientPortOptions {
  readonly address: HostPort
  readonly onRequest: RequestListener
  readonly protocol: ProtocolConnectionOptions
  /** Connections at one time; those beyond it are closed at once. */
  readonly maxConnections: number
  /** A connection that asks for nothing is closed after this long, in ms. */
  readonly idleTimeout: number
  /** How long clients may take over what they do; default `patience`. */
  readonly patience?: Patience
}

/** In ms. */
interface Patience {
  /** Within this long a new connection must have said something. */
  readonly firstByte: number
  /** Within this long a request's head must be complete. */
  readonly head: number
  /** Within this long a request must be complete, its body included. */
  readonly request: number
  /** How long a client may take to see that it was answered for the last time. */
  readonly linger: number
}

const patience: Patience = { firstByte: 10_000, head: 10_000, request: 60_000, linger: LINGER }
const MAX_HEADER_BYTES = 256 * 1024
/** How long a connection that has said nothing may still do so when the member stops, in ms. */
const LAST_WORDS = 50

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
  readonly #sockets = new Set<Socket>()
  /** Those that have said nothing yet. */
  readonly #silent = new Set<Socket>()
  #closing = false
  #dead = false
  #closed: Promise<void> | undefined

  constructor(options: ClientPortOptions) {
    this.#options = options
    this.#patience = options.patience ?? patience
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
      refuse: (socket, error) => {
        writeRefusal(socket, error)
        closeGently(socket, this.#patience.linger)
      },
      end: (socket) => closeGently(socket, this.#patience.linger),
    })
    const take: RequestListener = (request, response) => {
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
    this.#server.maxConnections = options.maxConnections
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#sockets.size
  }

  /** @throws the system's error when the address cannot be bound */
  listen(): Promise<void> {
    const { host, port } = this.#options.address
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject)
        // Running out of file descriptors must not end the process: new connections wait.
        this.#server.on('error', () => {})
        resolve()
      })
    })
  }

  /** Takes nothing new, lets what is under way be answered, and fulfils once every connection has ended. */
  close(): Promise<void> {
    if (this.#closed !== undefined) return this.#closed
    // What came before is under way.
    this.#burst.flush()
    this.#closing = true
    this.#closed = new Promise((resolve) => this.#server.close(() => resolve()))
    this.#pipelines.close()
    for (const connection of this.#protocols) connection.refuse()
    if (this.#silent.size > 0) setTimeout(() => this.#endSilent(), LAST_WORDS)
    return this.#closed
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
    for (const socket of this.#sockets) socket.destroy()
  }

  #endSilent(): void {
    for (const socket of this.#silent) socket.destroy()
  }

  #accept(socket: Socket): void {
    this.#burst.came()
    this.#sockets.add(socket)
    this.#silent.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    const onError = () => socket.destroy()
    const timer = setTimeout(() => socket.destroy(), this.#patience.firstByte)
    const onSpoken = () => {
      clearTimeout(timer)
      this.#silent.delete(socket)
    }
    socket.on('error', onError)
    socket.once('end', onError)
    socket.once('close', onSpoken)
    socket.once('data', (chunk: Buffer) => {
      onSpoken()
      socket.off('end', onError)
      socket.off('error', onError)
      socket.off('close', onSpoken)
      this.#serve(socket, chunk)
    })
  }

  #serve(socket: Socket, chunk: Buffer): void {
    socket.pause()
    socket.unshift(chunk)
    if (chunk[0] === FIRST_BYTE) this.#serveProtocol(socket)
    else {
      // How Node ends a connection after its last answer, which may be given before the request has come whole.
      socket.destroySoon = () => closeGently(socket, this.#patience.linger)
      this.#serveHttp.call(this.#server, socket)
    }
    socket.resume()
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    // A connection that has ended, or been answered for the last time, while the request waited.
    if (request.socket.writable) this.#pipelines.take(request, response)
  }

  #serveProtocol(socket: Socket): void {
    const { protocol, idleTimeout } = this.#options
    const timeouts = { idle: idleTimeout, linger: this.#patience.linger }
    const connection = onSocket(socket, timeouts, (stream) => new ProtocolConnection(stream, protocol))
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

class HttpServer extends Server {
  /** A client may end its side and wait for its answers. A property of Node's from its first days, which its documents leave out. */
  readonly httpAllowHalfOpen = true

  /** Called by Node when it closes: it would cut off answers that have not left, and connections that end gently. */
  override closeIdleConnections(): void {}
}
