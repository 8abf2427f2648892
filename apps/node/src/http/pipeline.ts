import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setImmediate, setTimeout } from '@raft/system'
import type { Account } from '../account.js'
import { HttpError, sendError } from './answer.js'
import { isSafe } from './methods.js'

/** Requests of one connection that are worked on at one time: safe ones only, for one that is not safe is worked on alone. */
const MAX_ACTIVE = 16
/** Requests of one connection that may wait for those; a client that sends more reads no answers, and is cut off. */
const MAX_WAITING = 4096
/** What the heads of those may take, in bytes; a client that sends more is cut off, too. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024
/** What Node takes for a name or a value beside its characters. */
const FIELD_BYTES = 32
/** Answers that a client has not taken, in bytes, before no more of its requests are worked on. */
const MAX_UNTAKEN_BYTES = 4 * 1024 * 1024
const RANGE = '/v1/kv'
/** How long a connection of a member that stops is kept, though nothing is under way on it, for what its client may be sending; ms. */
export const LAST_MOMENT = 250
/** Counted for a range that is worked on: three of them are, at one time. */
const EXPECTED_RANGE_BYTES = 2 * 1024 * 1024

interface Connection {
  /** In the order in which the answers leave; few, and an array of them leaves V8 less behind than a Set. */
  readonly active: ServerResponse[]
  readonly waiting: [IncomingMessage, ServerResponse][]
  /** What the heads of those take. */
  waitingBytes: number
  /** What follows the last request that makes sense: no request, or one that did not come in time. */
  failure: HttpError | null
  /** The last request that was answered before its body had come whole. */
  outlasting: IncomingMessage | null
  /** The body of the last request makes no sense, and its answer is leaving: once it has left there is nothing more to say. */
  ending: boolean
  /** What had come when an answer left last, in bytes. */
  bytesRead: number
}

export interface PipelinesOptions {
  readonly handle: RequestListener
  /** What the member holds for its clients: the heads of requests that wait count, too. */
  readonly account: Account
  /** Tells a connection, as the last thing, why what it sent is not answered. */
  readonly refuse: (socket: Socket, error: HttpError) => void
  /** Ends a connection on which everything is answered. */
  readonly end: (socket: Socket) => void
}

/**
 * The requests of every HTTP connection. Node hands out all pipelined requests of a chunk at once. A few bytes can ask for
 * megabytes, so only some are worked on, and the next when an answer has left. None is begun behind one that is answered as the
 * last, for the client would never hear of it.
 *
 * Requests take effect in the order in which they were sent: one that may change something begins when everything before it on its
 * connection is answered, and nothing begins behind it before it is answered. Reads overlap with each other.
 */
export class Pipelines {
  readonly #options: PipelinesOptions
  readonly #connections = new Map<Socket, Connection>()
  #closing = false

  constructor(options: PipelinesOptions) {
    this.#options = options
  }

  readonly take: RequestListener = (request, response) => {
    const { socket } = request
    const connection = this.#of(socket)
    // Behind what waits, whatever room there is meanwhile.
    if (connection.waiting.length === 0 && this.#mayBegin(connection, request)) this.#run(connection, request, response)
    else if (connection.waiting.length < MAX_WAITING && connection.waitingBytes <= MAX_WAITING_BYTES) {
      connection.waiting.push([request, response])
      this.#count(connection, headBytes(request))
    } else socket.destroy()
  }

  /** Requests of this connection are worked on, and it is not the client that keeps the answers from leaving. */
  isBusy(socket: Socket): boolean {
    return (this.#connections.get(socket)?.active.length ?? 0) > 0 && socket.writableLength === 0
  }

  /** Nothing more of this connection can be understood. Whatever came before is answered first, or its answer would be mistaken. */
  fail(socket: Socket, error: HttpError): void {
    const connection = this.#connections.get(socket)
    const last = connection?.active.at(-1)
    if (connection === undefined || last === undefined) {
      // A second answer to a request would be taken for the first to the next.
      if (connection?.outlasting?.complete === false) this.#options.end(socket)
      else this.#options.refuse(socket, error)
      return
    }
    if (connection.waiting.length > 0 || last.req.complete) {
      connection.failure ??= error
      return
    }
    if (last.headersSent) {
      connection.ending = true
      return
    }
    // It is the body of this request that makes no sense, and whoever reads it waits for the rest.
    last.shouldKeepAlive = false
    if (last.req.listenerCount('error') > 0) last.req.emit('error', error)
  }

  /** Whether no request is worked on. */
  get isAnswered(): boolean {
    for (const { active } of this.#connections.values()) if (active.length > 0) return false
    return true
  }

  /**
   * Requests that come from now on are refused, and the last answer of each connection says that it is the last. A connection on which
   * no request comes is ended after a moment.
   */
  close(): void {
    this.#closing = true
    for (const [socket, connection] of this.#connections) {
      const last = connection.active.at(-1)
      if (connection.waiting.length === 0 && last?.headersSent === false) last.shouldKeepAlive = false
      if (last === undefined) this.#endSoon(connection, socket)
    }
  }

  #of(socket: Socket): Connection {
    const existing = this.#connections.get(socket)
    if (existing !== undefined) return existing
    const connection: Connection = {
      active: [],
      waiting: [],
      waitingBytes: 0,
      failure: null,
      outlasting: null,
      ending: false,
      bytesRead: 0,
    }
    this.#connections.set(socket, connection)
    socket.once('close', () => {
      // Nobody waits for these any more, and none of them has begun.
      connection.waiting.length = 0
      this.#count(connection, -connection.waitingBytes)
      this.#connections.delete(socket)
      // Node tells only the first of them, which alone has the socket.
      for (const response of [...connection.active]) {
        if (response.closed) continue
        response.destroy()
        response.emit('close')
      }
    })
    return connection
  }

  #count(connection: Connection, bytes: number): void {
    connection.waitingBytes += bytes
    this.#options.account.add(bytes)
  }

  #mayBegin({ active }: Connection, request: IncomingMessage): boolean {
    if (active.length === 0) return true
    if (active.length >= MAX_ACTIVE || !isSafe(request)) return false
    let untaken = 0
    for (const response of active) {
      if (!response.shouldKeepAlive || !isSafe(response.req)) return false
      untaken += response.headersSent ? response.writableLength : expectedBytes(response.req)
    }
    return untaken <= MAX_UNTAKEN_BYTES
  }

  #run(connection: Connection, request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    connection.active.push(response)
    response.on('close', () => {
      const at = connection.active.indexOf(response)
      if (at !== -1) connection.active.splice(at, 1)
      connection.bytesRead = socket.bytesRead
      if (!request.complete) this.#outlast(connection, request)
      this.#next(connection, socket)
    })
    if (this.#closing) refuse(response, new StoppingError())
    else if (connection.failure !== null && !request.complete) refuse(response, connection.failure)
    else this.#options.handle(request, response)
  }

  #next(connection: Connection, socket: Socket): void {
    for (let next = connection.waiting[0]; next !== undefined; next = connection.waiting[0]) {
      if (!socket.writable || !this.#mayBegin(connection, next[0])) break
      connection.waiting.shift()
      this.#count(connection, -headBytes(next[0]))
      this.#run(connection, ...next)
    }
    if (connection.active.length > 0 || !socket.writable) return
    if (connection.ending) this.#options.end(socket)
    else if (connection.failure !== null) this.#options.refuse(socket, connection.failure)
    else if (this.#closing) this.#endSoon(connection, socket)
  }

  /** Whoever answers early leaves a body behind, which Node reads and throws away: until then the connection is not idle. */
  #outlast(connection: Connection, request: IncomingMessage): void {
    const { socket } = request
    connection.outlasting = request
    request.once('end', () => {
      connection.bytesRead = socket.bytesRead
      if (this.#closing) this.#endSoon(connection, socket)
    })
  }

  /**
   * Were the connection ended at once, a request that the client is sending would be lost, and the client could not tell whether it
   * was taken. So the connection stays for a moment, in which a request is refused by an answer.
   */
  #endSoon(connection: Connection, socket: Socket): void {
    // Requests that have come while this process was busy are read before the connection is found idle.
    setTimeout(() => setImmediate(() => this.#endIfIdle(connection, socket)), LAST_MOMENT).unref()
  }

  /** A client that has begun to send a request is left to send it, and is refused then. */
  #endIfIdle({ active, waiting, bytesRead }: Connection, socket: Socket): void {
    if (active.length === 0 && waiting.length === 0 && socket.writable && socket.bytesRead === bytesRead) this.#options.end(socket)
  }
}

/** What the answer to a request that is worked on may come to, in bytes: ranges are cut off at 4 MiB. */
function expectedBytes({ url = '' }: IncomingMessage): number {
  return url === RANGE || url.startsWith(`${RANGE}?`) ? EXPECTED_RANGE_BYTES : 0
}

function headBytes({ url = '', rawHeaders }: IncomingMessage): number {
  return rawHeaders.reduce((sum, field) => sum + FIELD_BYTES + field.length, url.length)
}

function refuse(response: ServerResponse, error: HttpError): void {
  response.shouldKeepAlive = false
  sendError(response, error)
}

class StoppingError extends HttpError {
  constructor() {
    super(503, 'RAFT_STOPPED', 'this member is stopping: ask another', { 'retry-after': '1' })
  }
}
