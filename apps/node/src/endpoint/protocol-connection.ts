import {
  type Consistency,
  decodeGet,
  decodeRange,
  ErrorCode,
  ProtocolError,
  type Request,
  RequestKind,
  ServerEndpoint,
  type ServerIdentity,
  type StatusResult,
} from '@raft/client/protocol'
import type { Clock, RaftError } from '@raft/core'
import type { StoreResult } from '@raft/state-machine'
import type { Proposer, ReadableStore } from '../store/key-value-service.js'
import { type Done, respond } from '../store/results.js'
import type { ByteStream, StreamOwner } from './byte-stream.js'
import { toErrorResponse } from './error-response.js'

export interface ProtocolConnectionOptions {
  readonly identity: ServerIdentity
  readonly node: Proposer
  readonly store: ReadableStore
  readonly status: () => StatusResult
  readonly clock: Clock
  /** Answers that wait for a slow client before no more of its requests are read, in bytes. */
  readonly maxOutgoingBytes: number
  /** Requests under way before no more are read. */
  readonly maxPending: number
  readonly maxFrameBytes: number
  /** A write was answered after so many ms; for the metrics. */
  readonly onWrite: (milliseconds: number, error: RaftError | null) => void
  readonly onProtocolError: (error: Error) => void
}

/** A read that waits for the leader to be confirmed. */
type Read = () => void

/**
 * A connection that speaks the client protocol. All requests of a chunk are taken in one turn, their reads share one
 * confirmation, and all answers of a turn leave in one write.
 */
export class ProtocolConnection implements StreamOwner {
  readonly #stream: ByteStream
  readonly #options: ProtocolConnectionOptions
  readonly #endpoint: ServerEndpoint
  #reads: Read[] = []
  #failReads: ((error: RaftError) => void)[] = []
  /** Answers that are decided, and not yet put into bytes: a slow client would make them pile up. */
  readonly #held: (() => void)[] = []
  #pending = 0
  #flushDue = false
  #paused = false
  #draining = false

  constructor(stream: ByteStream, options: ProtocolConnectionOptions) {
    this.#stream = stream
    this.#options = options
    this.#endpoint = new ServerEndpoint({
      identity: options.identity,
      maxFrameBytes: options.maxFrameBytes,
      onRequest: (request) => this.#take(request),
      onPending: () => this.#scheduleFlush(),
    })
  }

  /** Lets what is under way be answered, takes nothing more, and closes. */
  drain(): void {
    if (this.#draining) return
    this.#draining = true
    this.#stream.pause()
    this.#scheduleFlush()
  }

  /** It asks for nothing, or takes nothing: it is let go. */
  idle(): void {
    if (this.#pending === 0 || this.#stream.waitingBytes > 0) this.#stream.destroy()
  }

  /** Puts as many held answers into bytes as the client has room for. */
  drained(): void {
    let released = 0
    while (released < this.#held.length && !this.#isFull) this.#held[released++]?.()
    this.#held.splice(0, released)
    if (this.#draining && this.#pending === 0) this.#scheduleFlush()
    this.#regulate()
  }

  receive(chunk: Uint8Array): void {
    try {
      this.#endpoint.receive(chunk)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#options.onProtocolError(error)
      this.#flush()
      this.#stream.end()
    }
    this.#startReads()
    this.#regulate()
  }

  #take(request: Request): void {
    this.#pending += 1
    switch (request.kind) {
      case RequestKind.Write:
        this.#write(request)
        return
      case RequestKind.Get:
      case RequestKind.Range:
        this.#read(request)
        return
      case RequestKind.Status:
        this.#endpoint.status(request.id, this.#options.status())
        this.#done()
        return
      default:
        this.#refuse(request.id, ErrorCode.UnknownRequest, `requests of kind ${request.kind} are not known here`)
    }
  }

  #write({ id, body }: Request): void {
    const { node, clock, onWrite } = this.#options
    const startedAt = clock.now()
    node.submit(body, (error, result) => {
      onWrite(clock.now() - startedAt, error)
      if (error === null) this.#result(id, result)
      else this.#error(id, error)
    })
  }

  #result(id: number, result: StoreResult | undefined): void {
    if (result === undefined) this.#refuse(id, ErrorCode.Internal, 'the command had no result')
    else if (result.type === 'error') this.#refuse(id, result.code, result.message)
    else if (this.#mustHold) this.#held.push(() => this.#respond(id, result))
    else this.#respond(id, result)
  }

  #respond(id: number, result: Done): void {
    respond(this.#endpoint, id, result)
    this.#done()
  }

  #read({ id, kind, body }: Request): void {
    let consistency: Consistency
    let answer: () => void
    try {
      if (kind === RequestKind.Get) {
        const get = decodeGet(body)
        consistency = get.consistency
        answer = () => this.#endpoint.get(id, { revision: this.#options.store.revision, entry: this.#options.store.get(get.key) })
      } else {
        const { consistency: asked, range } = decodeRange(body)
        consistency = asked
        const { prefix, after, limit } = range
        const request = after === null ? { prefix, limit } : { prefix, limit, after }
        answer = () => this.#endpoint.range(id, this.#options.store.range(request))
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#refuse(id, ErrorCode.Malformed, error.message)
      return
    }
    const finish = () => {
      try {
        answer()
        this.#done()
      } catch (error) {
        // A callback that throws would stop the node, and a store can be anybody's.
        this.#refuse(id, ErrorCode.Internal, `the store failed to read: ${error instanceof Error ? error.message : error}`)
      }
    }
    // A short request can ask for a long answer, and a chunk holds thousands.
    const read = () => {
      if (this.#mustHold) this.#held.push(finish)
      else finish()
    }
    if (consistency === 'local') read()
    else {
      this.#reads.push(read)
      this.#failReads.push((error) => this.#error(id, error))
    }
  }

  /** One confirmation for all reads of this turn. */
  #startReads(): void {
    if (this.#reads.length === 0) return
    const reads = this.#reads
    const fail = this.#failReads
    this.#reads = []
    this.#failReads = []
    this.#options.node.submitRead((error) => {
      if (error === null) for (const read of reads) read()
      else for (const one of fail) one(error)
    })
  }

  #error(id: number, error: RaftError): void {
    this.#endpoint.error(id, toErrorResponse(error))
    this.#done()
  }

  #refuse(id: number, code: string, message: string): void {
    this.#endpoint.error(id, { outcome: 'notAppended', code, message, leader: null })
    this.#done()
  }

  #done(): void {
    this.#pending -= 1
  }

  #scheduleFlush(): void {
    if (this.#flushDue) return
    this.#flushDue = true
    this.#options.clock.defer(() => this.#flush())
  }

  #flush(): void {
    this.#flushDue = false
    const bytes = this.#endpoint.take()
    if (bytes !== null) this.#stream.write(bytes)
    if (this.#held.length > 0) this.drained()
    if (this.#draining && this.#pending === 0) this.#end()
    this.#regulate()
  }

  #end(): void {
    const bytes = this.#endpoint.take()
    if (bytes !== null) this.#stream.write(bytes)
    this.#stream.end()
  }

  get #isFull(): boolean {
    return this.#stream.waitingBytes + this.#endpoint.pendingBytes > this.#options.maxOutgoingBytes
  }

  get #mustHold(): boolean {
    return this.#held.length > 0 || this.#isFull
  }

  /** Reads on only while the client takes its answers, and has not too much under way. */
  #regulate(): void {
    if (this.#draining) return
    const full = this.#isFull || this.#pending > this.#options.maxPending
    if (full === this.#paused) return
    this.#paused = full
    if (full) this.#stream.pause()
    else this.#stream.resume()
  }
}
