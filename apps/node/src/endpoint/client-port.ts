import { createServer, type RequestListener, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { FIRST_BYTE } from '@raft/client/protocol'
import type { HostPort } from '../config/address.js'
import { errorBody } from '../http/answer.js'
import { Pipelines } from '../http/pipeline.js'
import { onSocket } from './byte-stream.js'
import { closeGently } from './close-gently.js'
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
}

/** Within this long a new connection must have said something, and a request's head be complete; ms. */
const FIRST_BYTE_TIMEOUT = 10_000
const HEADERS_TIMEOUT = 10_000
/** Within this long a request must be complete, its body included; ms. */
const REQUEST_TIMEOUT = 60_000
const MAX_HEADER_BYTES = 256 * 1024

type Listener = (this: Server, socket: Socket) => void

/** One port for HTTP and for the client protocol: the first byte of a connection tells which. */
export class ClientPort {
  readonly #options: ClientPortOptions
  readonly #server: Server
  readonly #serveHttp: Listener
  readonly #pipelines: Pipelines
  readonly #protocols = new Set<ProtocolConnection>()
  readonly #sockets = new Set<Socket>()
  #closing = false
  #closed: Promise<void> | undefined

  constructor(options: ClientPortOptions) {
    this.#options = options
    this.#server = createServer({
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT,
      requestTimeout: REQUEST_TIMEOUT,
      keepAliveTimeout: options.idleTimeout,
      noDelay: true,
    })
    // The server stays the listener, so that its timeouts run; its connections come to it by way of the first byte.
    const [listener] = this.#server.listeners('connection') as Listener[]
    if (listener === undefined) throw new Error('this version of Node has an HTTP server without a connection listener')
    this.#serveHttp = listener
    this.#server.removeAllListeners('connection')
    this.#server.on('connection', (socket: Socket) => this.#accept(socket))
    this.#pipelines = new Pipelines(options.onRequest)
    this.#pipelines.onAnswered = () => {
      if (this.#closing) this.#server.closeIdleConnections()
    }
    this.#server.on('request', this.#pipelines.take)
    this.#server.on('checkContinue', this.#pipelines.take)
    // Whoever does not take an answer would keep it here for ever.
    this.#server.setTimeout(options.idleTimeout, (socket: Socket) => {
      if (!this.#pipelines.isBusy(socket)) socket.destroy()
    })
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => refuse(error, socket))
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
    this.#closing = true
    this.#closed ??= new Promise((resolve) => this.#server.close(() => resolve()))
    this.#pipelines.close()
    this.#server.closeIdleConnections()
    for (const connection of this.#protocols) connection.refuse()
    return this.#closed
  }

  /** Ends every connection, whatever is under way. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    const onError = () => socket.destroy()
    const timer = setTimeout(() => socket.destroy(), FIRST_BYTE_TIMEOUT)
    socket.on('error', onError)
    socket.once('end', onError)
    socket.once('data', (chunk: Buffer) => {
      clearTimeout(timer)
      socket.off('end', onError)
      socket.off('error', onError)
      if (this.#closing) socket.destroy()
      else this.#serve(socket, chunk)
    })
    socket.once('close', () => clearTimeout(timer))
  }

  #serve(socket: Socket, chunk: Buffer): void {
    socket.pause()
    socket.unshift(chunk)
    if (chunk[0] === FIRST_BYTE) {
      const { protocol, idleTimeout } = this.#options
      const connection = onSocket(socket, idleTimeout, (stream) => new ProtocolConnection(stream, protocol))
      this.#protocols.add(connection)
      socket.on('close', () => this.#protocols.delete(connection))
    } else {
      // How Node ends a connection after its last answer, which may be given before the request has come whole.
      socket.destroySoon = () => closeGently(socket)
      this.#serveHttp.call(this.#server, socket)
    }
    socket.resume()
  }
}

/** Bytes that are no HTTP request. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const [status, message] = REFUSALS[error.code ?? ''] ?? ['400 Bad Request', 'these bytes are no HTTP request']
  const body = JSON.stringify(errorBody('BAD_REQUEST', message))
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n`
  socket.end(head + body, () => socket.destroy())
}

const REFUSALS: Readonly<Record<string, readonly [string, string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'the head of the request is too large'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'the request did not come in time'],
}
