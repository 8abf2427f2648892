import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { HttpError, sendError } from './answer.js'
import { isExpectingContinue } from './request.js'

/** Requests of one connection that are worked on at one time. */
const MAX_ACTIVE = 16
/** Requests of one connection that may wait for those; whoever sends more reads no answers, and is cut off. */
const MAX_WAITING = 4096
/** Answers that a client has not taken, in bytes, before no more of its requests are worked on. */
const MAX_UNTAKEN_BYTES = 4 * 1024 * 1024

interface Connection {
  /** In the order in which the answers leave. */
  readonly active: Set<ServerResponse>
  readonly waiting: [IncomingMessage, ServerResponse][]
}

/**
 * The requests of every HTTP connection. Node hands out all pipelined requests of a chunk at once. A few bytes can ask for
 * megabytes, so only some are worked on, and the next when an answer has left.
 */
export class Pipelines {
  readonly #handle: RequestListener
  readonly #connections = new Map<Socket, Connection>()
  #closing = false
  /** Called when an answer has left, or will never. */
  onAnswered: () => void = () => {}

  constructor(handle: RequestListener) {
    this.#handle = handle
  }

  readonly take: RequestListener = (request, response) => {
    const { socket } = request
    // It was told that no more is answered, or is not there any more.
    if (!socket.writable) return
    const connection = this.#of(socket)
    if (this.#hasRoom(connection)) this.#run(connection, request, response)
    else if (connection.waiting.length < MAX_WAITING) connection.waiting.push([request, response])
    else socket.destroy()
  }

  /** Requests of this connection are worked on, and it is not the client that keeps the answers from leaving. */
  isBusy(socket: Socket): boolean {
    return (this.#connections.get(socket)?.active.size ?? 0) > 0 && socket.writableLength === 0
  }

  /** What comes from now on is refused, and the last answer of each connection says that it is the last. */
  close(): void {
    this.#closing = true
    for (const { active, waiting } of this.#connections.values()) {
      const last = [...active].at(-1)
      if (waiting.length === 0 && last !== undefined && !last.headersSent) last.setHeader('connection', 'close')
    }
  }

  #of(socket: Socket): Connection {
    const existing = this.#connections.get(socket)
    if (existing !== undefined) return existing
    const connection: Connection = { active: new Set(), waiting: [] }
    this.#connections.set(socket, connection)
    socket.once('close', () => {
      // Nobody waits for these any more, and none of them has begun.
      connection.waiting.length = 0
      this.#connections.delete(socket)
    })
    return connection
  }

  #hasRoom({ active }: Connection): boolean {
    if (active.size >= MAX_ACTIVE) return false
    let untaken = 0
    for (const response of active) untaken += response.writableLength
    return untaken <= MAX_UNTAKEN_BYTES
  }

  #run(connection: Connection, request: IncomingMessage, response: ServerResponse): void {
    connection.active.add(response)
    response.once('close', () => {
      connection.active.delete(response)
      // Whoever answers early leaves a body behind; it is thrown away, or the connection would be of no more use.
      request.resume()
      this.#next(connection, request.socket)
      this.onAnswered()
    })
    // Answered without its body, the connection is of no more use: nobody knows whether the body still comes.
    if (isExpectingContinue(request)) response.setHeader('connection', 'close')
    if (this.#closing) sendError(response, new StoppingError())
    else this.#handle(request, response)
  }

  #next(connection: Connection, socket: Socket): void {
    while (socket.writable && this.#hasRoom(connection)) {
      const next = connection.waiting.shift()
      if (next === undefined) return
      this.#run(connection, ...next)
    }
  }
}

class StoppingError extends HttpError {
  constructor() {
    super(503, 'RAFT_STOPPED', 'this member is stopping: ask another', { 'retry-after': '1', connection: 'close' })
  }
}
