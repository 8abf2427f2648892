import { ErrorCode, type ErrorResponse, type Request, RequestKind, ServerEndpoint } from '@raft/client/protocol'
import { type CommandResult, ProtocolError, type StoreResult } from '@raft/commands'
import type { RaftError } from '@raft/core'
import type { Account } from '../account.js'
import { noRoomForResult, overloaded } from '../overload.js'
import { resultBytes } from '../store/result-bytes.js'
import { TurnTime } from '../turn-time.js'
import type { ByteStream, StreamOwner } from './byte-stream.js'
import { toErrorResponse } from './error-response.js'
import { HeldAnswers } from './held-answers.js'
import type { ProtocolConnectionOptions } from './protocol-options.js'
import { ReadBatch, type ReadRequest, readRequest } from './read-request.js'
import { Refusal } from './refusal.js'

/** So many times as many requests as may be under way when a chunk comes may be when it has been read. */
const MAX_OVERRUN = 8

/** A request may come in pieces when it is as large. */
const LARGE_REQUEST_BYTES = 16 * 1024

/** What a member holds for one connection. */
export interface ConnectionHoldings {
  /** Requests that are not answered. */
  readonly requests: number
  /** Answers that are not put into bytes yet. */
  readonly answers: number
  /** Reads that wait for others of the same chunk. */
  readonly reads: number
  /** Bytes of results that wait until the client takes answers. */
  readonly resultBytes: number
  /** Bytes of a frame that has not come whole, and of answers that have not left, when they were counted last. */
  readonly transitBytes: number
  /** Bytes on the connection's account: those, and those of its writes under way. */
  readonly bytes: number
}

/**
 * A connection that speaks the client protocol. All requests of a chunk are taken in one turn, their reads share one
 * confirmation, and all answers of a turn leave in one write.
 */
export class ProtocolConnection implements StreamOwner {
  readonly #stream: ByteStream
  readonly #options: ProtocolConnectionOptions
  readonly #endpoint: ServerEndpoint
  readonly #time: TurnTime
  readonly #reads = new ReadBatch()
  readonly #held = new HeldAnswers(() => this.#isFull && this.#isHeard)
  #pending = 0
  #flushDue = false
  #paused = false
  #draining = false
  #closed = false
  /** A frame has brought more requests than can be borne at one time. */
  #overrun = false
  /** Nothing that still comes is looked at, and nothing more is answered. */
  #ended = false
  /** The member stops. */
  #refusal: Refusal | null = null
  /** The part of the member's account that counts the bytes held for this connection. */
  readonly #account: Account
  /** Bytes of results that wait until the client takes answers. */
  #heldResultBytes = 0
  /** Of that: a frame that has not come whole, and answers that have not left. */
  #inTransit = 0

  /** @param introduced called once, when the other side has shown that it speaks this protocol; false: it has no place here */
  constructor(stream: ByteStream, options: ProtocolConnectionOptions, introduced: () => boolean = () => true) {
    this.#stream = stream
    this.#options = options
    this.#account = options.account.part(options.maxConnectionBytes)
    this.#time = new TurnTime(options.clock)
    this.#endpoint = new ServerEndpoint({
      identity: options.identity,
      maxFrameBytes: options.maxFrameBytes,
      maxRequestBytes: options.maxRequestBytes,
      onGreeting: () => {
        if (!introduced()) this.#ended = true
      },
      mayGather: (bytes) => options.account.hasRoomFor(bytes),
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

  /**
   * The member stops: what is under way is answered, what still comes is refused, so that the client knows that it may ask another,
   * and the connection ends when nothing more comes. Were it just ended, the client could not tell what of it was taken.
   */
  refuse(): void {
    if (this.#draining || this.#refusal !== null) return
    this.#refusal = new Refusal({ clock: this.#options.clock, isAnswered: () => this.isAnswered, end: () => this.drain() })
  }

  /** Whether everything that was taken is answered. */
  get isAnswered(): boolean {
    return this.#pending === 0
  }

  /** @internal What is held for this connection. For the simulation. */
  holdings(): ConnectionHoldings {
    return {
      requests: this.#pending,
      answers: this.#held.count,
      reads: this.#reads.count,
      resultBytes: this.#heldResultBytes,
      transitBytes: this.#inTransit,
      bytes: this.#account.bytes,
    }
  }

  /** It asks for nothing, or takes nothing: it is let go. */
  idle(): void {
    if (this.#pending === 0 || this.#stream.waitingBytes > 0) this.#stream.destroy()
  }

  /** The stream has ended: nobody waits for anything any more. */
  closed(): void {
    this.#closed = true
    this.#draining = true
    this.#refusal?.cancel()
    this.#held.release()
    this.#countTransit()
  }

  /** Puts as many held answers into bytes as the client has room for. */
  drained(): void {
    this.#held.release()
    if (this.#draining && this.#pending === 0) this.#scheduleFlush()
    this.#countTransit()
    this.#regulate()
  }

  receive(chunk: Uint8Array): void {
    if (this.#ended) return
    try {
      this.#endpoint.receive(chunk)
      if (this.#overrun) throw new ProtocolError(`more than ${this.#pending} requests at one time`)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#options.onProtocolError(error)
      this.#end()
    }
    this.#reads.start(this.#options.node)
    this.#countTransit()
    this.#regulate()
  }

  #take(request: Request): void {
    this.#overrun ||= this.#pending >= MAX_OVERRUN * this.#options.maxPending
    if (this.#overrun || this.#ended) return
    this.#pending += 1
    if (this.#refusal !== null) {
      this.#refusal.refused()
      this.#refuse(request.id, ErrorCode.Stopping, 'this member is stopping')
      return
    }
    switch (request.kind) {
      case RequestKind.Write:
        this.#write(request)
        return
      case RequestKind.Get:
      case RequestKind.Range:
        this.#read(request)
        return
      case RequestKind.Status:
        this.#answer(request.id, () => this.#endpoint.status(request.id, this.#options.status()))
        return
      default:
        this.#refuse(request.id, ErrorCode.UnknownRequest, `requests of kind ${request.kind} are not known here`)
    }
  }

  #write({ id, body }: Request): void {
    const { node, account } = this.#options
    const bytes = body.length
    // The bytes that were gathered for this request count as the request's own from here on, and no longer as a frame's.
    if (bytes >= LARGE_REQUEST_BYTES) this.#countTransit()
    if (!account.hasRoomFor(bytes)) {
      this.#error(id, overloaded(account))
      return
    }
    this.#account.add(bytes)
    node.submit(body, (error, result) => {
      this.#account.release(bytes)
      if (error === null) this.#result(id, result)
      else this.#error(id, error)
    })
  }

  #result(id: number, result: StoreResult | undefined): void {
    if (result === undefined) this.#refuse(id, ErrorCode.Internal, 'the command had no result')
    else if (result.type === 'error') this.#refuse(id, result.code, result.message)
    else this.#respond(id, result)
  }

  /**
   * A command can ask for megabytes: where there is no room for its result, the client is told what is known. The member must have
   * room, and the results that wait for this client must stay below what a connection may hold. The client's own requests do not
   * count there: they only stop that more of them are read.
   */
  #respond(id: number, result: CommandResult): void {
    const { account, maxConnectionBytes } = this.#options
    const bytes = resultBytes(result)
    const give = () => this.#endpoint.result(id, result)
    const isHoldingTooMuch = this.#heldResultBytes > 0 && this.#heldResultBytes + bytes > maxConnectionBytes
    if (bytes > 0 && (isHoldingTooMuch || !account.hasRoomFor(bytes))) {
      this.#error(id, noRoomForResult(result, isHoldingTooMuch ? this.#account : account))
      return
    }
    this.#account.add(bytes)
    this.#heldResultBytes += bytes
    this.#answer(id, give, bytes)
  }

  #read(request: Request): void {
    const { id } = request
    const deadline = request.timeout === 0 ? Number.POSITIVE_INFINITY : this.#time.now() + request.timeout
    let asked: ReadRequest
    try {
      asked = readRequest(request, this.#endpoint, this.#options.store)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#refuse(id, ErrorCode.Malformed, error.message)
      return
    }
    const finish = () =>
      this.#answer(id, () => {
        // Whoever asked has given up: a range is work.
        if (this.#time.now() > deadline)
          this.#endpoint.error(id, refusal(ErrorCode.DeadlineExceeded, `not read within ${request.timeout} ms`))
        else if (this.#options.account.isFull) this.#endpoint.error(id, toErrorResponse(overloaded(this.#options.account)))
        else asked.answer()
      })
    if (asked.consistency === 'local') finish()
    else this.#reads.add(finish, (error) => this.#error(id, error))
  }

  #error(id: number, error: RaftError): void {
    this.#answer(id, () => this.#endpoint.error(id, toErrorResponse(error)))
  }

  #refuse(id: number, code: string, message: string): void {
    this.#answer(id, () => this.#endpoint.error(id, refusal(code, message)))
  }

  /** Answers as soon as there is room: a short request can ask for a long answer, and a chunk holds thousands. */
  #answer(id: number, give: () => void, bytes = 0): void {
    if (this.#held.hasRoom) this.#give(id, give, bytes)
    else this.#held.add(() => this.#give(id, give, bytes))
  }

  #give(id: number, give: () => void, bytes: number): void {
    this.#account.release(bytes)
    this.#heldResultBytes -= bytes
    try {
      if (this.#isHeard) give()
    } catch (error) {
      // A callback that throws would stop the node, and a store can be anybody's.
      const reason = error instanceof Error ? error.message : error
      this.#endpoint.error(id, refusal(ErrorCode.Internal, `the store failed to read: ${reason}`))
    }
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
    if (!this.#held.isEmpty) this.drained()
    if (this.#draining && this.#pending === 0) this.#end()
    this.#countTransit()
    this.#regulate()
  }

  #end(): void {
    const bytes = this.#endpoint.take()
    if (bytes !== null) this.#stream.write(bytes)
    this.#ended = true
    this.#held.release()
    this.#stream.end()
  }

  #countTransit(): void {
    const bytes = this.#closed ? 0 : this.#stream.waitingBytes + this.#endpoint.pendingBytes + this.#endpoint.gatheredBytes
    if (bytes === this.#inTransit) return
    this.#account.add(bytes - this.#inTransit)
    this.#inTransit = bytes
  }

  get #isFull(): boolean {
    return this.#stream.waitingBytes + this.#endpoint.pendingBytes > this.#options.maxOutgoingBytes
  }

  /** Whether answers still reach the client. */
  get #isHeard(): boolean {
    return !this.#closed && !this.#ended
  }

  /**
   * Reads on only while the client takes its answers, and has not too much under way. What has come of a frame stops nothing: only
   * the rest of that frame can let it go.
   */
  #regulate(): void {
    if (this.#draining || this.#ended) return
    const underWay = this.#account.bytes - this.#endpoint.gatheredBytes
    const full = this.#isFull || this.#pending > this.#options.maxPending || underWay > this.#account.limit
    if (full === this.#paused) return
    this.#paused = full
    if (full) this.#stream.pause()
    else this.#stream.resume()
  }
}

function refusal(code: string, message: string): ErrorResponse {
  return { outcome: 'notAppended', code, message, leader: null }
}
