import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Account } from '../account.js'
import { sendError } from '../http/answer.js'
import { Pipelines } from '../http/pipeline.js'
import { reasonOf, tooLate, tooManyClients, writeRefusal } from '../http/refusal.js'
import { closeGently } from './close-gently.js'
import { ConnectionBurst } from './connection-burst.js'
import type { Slot, TurnAwayReason } from './connection-slots.js'
import { HttpServer } from './http-server.js'
import type { Patience } from './patience.js'
import type { PortProtocol } from './port-protocol.js'

export interface HttpProtocolOptions {
  readonly onRequest: RequestListener
  readonly account: Account
  readonly patience: Patience
  /** How long the client of a connection may take to see that it was answered for the last time; ms. */
  readonly linger: () => number
  /** A connection that asks for nothing is closed after this long, in ms. */
  readonly idleTimeout: number
}

const MAX_HEADER_BYTES = 256 * 1024

type Listener = (this: Server, socket: Socket) => void

/** HTTP, on every connection that no other protocol recognises. */
export class HttpProtocol implements PortProtocol {
  /** It listens, so that its timeouts run. Its connections come to it by way of `serve`. */
  readonly server: Server
  readonly #options: HttpProtocolOptions
  readonly #serve: Listener
  readonly #pipelines: Pipelines
  readonly #burst = new ConnectionBurst()
  readonly #slots = new WeakMap<Socket, Slot>()
  #isClosing = false

  constructor(options: HttpProtocolOptions) {
    this.#options = options
    const { patience, idleTimeout } = options
    this.server = new HttpServer({
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: patience.head,
      requestTimeout: patience.request,
      connectionsCheckingInterval: Math.min(patience.head, patience.request) / 2,
      keepAliveTimeout: idleTimeout,
      noDelay: true,
    })
    const [listener] = this.server.listeners('connection') as Listener[]
    if (listener === undefined) throw new Error('this version of Node has an HTTP server without a connection listener')
    this.#serve = listener
    this.server.removeAllListeners('connection')
    this.#pipelines = new Pipelines({
      handle: options.onRequest,
      account: options.account,
      refuse: (socket, error) => {
        writeRefusal(socket, error)
        closeGently(socket, patience.linger)
      },
      end: (socket) => closeGently(socket, options.linger()),
    })
    const take: RequestListener = (request, response) => {
      if (!this.#hasPlace(request.socket, response)) return
      if (this.#isClosing) this.#take(request, response)
      else this.#burst.run(() => this.#take(request, response))
    }
    this.server.on('request', take)
    this.server.on('checkContinue', take)
    this.server.on('checkExpectation', take)
    // A client that does not take its answer would keep it here for ever.
    this.server.setTimeout(idleTimeout, (socket: Socket) => {
      if (!this.#pipelines.isBusy(socket)) socket.destroy()
    })
    this.server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => this.#fail(socket, error))
  }

  recognises(): boolean {
    return true
  }

  serve(socket: Socket, slot: Slot): void {
    this.#slots.set(socket, slot)
    slot.onTurnedAway = (reason) => this.#turnAway(socket, reason)
    // How Node ends a connection after its last answer, which may be given before the request has come whole.
    socket.destroySoon = () => closeGently(socket, this.#options.patience.linger)
    this.#serve.call(this.server, socket)
    socket.resume()
  }

  /** A connection has come, of whatever protocol: requests wait for a moment while more of them come. */
  connectionCame(): void {
    this.#burst.came()
  }

  get isAnswered(): boolean {
    return this.#pipelines.isAnswered
  }

  close(): void {
    // What came before is under way.
    this.#burst.flush()
    this.#isClosing = true
    this.#pipelines.close()
  }

  /** Whether the connection of this request may have a place; where not, the request is answered. */
  #hasPlace(socket: Socket, response: ServerResponse): boolean {
    if (this.#slots.get(socket)?.becomeClient() === true) return true
    response.shouldKeepAlive = false
    sendError(response, tooManyClients())
    return false
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    // A connection that has ended, or been answered for the last time, while the request waited.
    if (request.socket.writable) this.#pipelines.take(request, response)
  }

  #turnAway(socket: Socket, reason: TurnAwayReason): void {
    // It has sent a request, which is answered.
    if (reason === 'full') return
    if (reason === 'displaced' || !socket.writable) {
      socket.destroy()
      return
    }
    writeRefusal(socket, tooLate())
    closeGently(socket, this.#options.patience.linger)
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
