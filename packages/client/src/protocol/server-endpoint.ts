import {
  type CommandResult,
  encodeGetResult,
  encodeRangeResult,
  encodeResult,
  type GetResult,
  Operation,
  ProtocolError,
  type RangeResult,
} from '@raft/commands'
import { DEFAULT_MAX_BODY_BYTES, FrameDecoder } from './frame-decoder.js'
import { FrameEncoder } from './frame-encoder.js'
import { CLIENT_PREAMBLE_BYTES, chooseVersion, decodeClientPreamble, encodeServerPreamble, type ServerIdentity } from './preamble.js'
import { REQUEST_HEAD_BYTES, type Request, readOversizedRequest, readRequests } from './request.js'
import { ErrorCode, type ErrorResponse, encodeError, encodeStatus, ResponseKind, type StatusResult, writeResponse } from './response.js'

export interface ServerEndpointOptions {
  readonly identity: ServerIdentity
  /** Takes each request as it arrives, in order. It may answer at once or later, in any order. It must not throw. */
  readonly onRequest: (request: Request) => void
  /** Called when bytes begin to wait: take and write them at the end of the turn. */
  readonly onPending: () => void
  /** Called once, when the client has said which versions it speaks, and one of them is spoken here. */
  readonly onGreeting?: () => void
  /**
   * Largest frame that is accepted, in bytes. Default 64 MiB and 128 KiB. A larger one with a single request is skipped, and that
   * request alone refused with `RAFT_COMMAND_TOO_LARGE`.
   */
  readonly maxFrameBytes?: number
  /** The largest body of a request, in bytes, as the client is told. Default 64 MiB. It must fit into the largest frame. */
  readonly maxRequestBytes?: number
  /**
   * Whether this many bytes of memory may be taken for a frame that comes in pieces; asked again as it grows. Default: they may.
   * Where not, the frame is skipped, and its request refused with `RAFT_OVERLOADED`.
   */
  readonly mayGather?: (bytes: number) => boolean
}

/**
 * The server's half of one connection, free of sockets: bytes that arrive go into `receive`, answers are put in by request id,
 * and `take` gives the bytes to write. Nobody else decides when to write, so all answers of a turn leave in one write.
 */
export class ServerEndpoint {
  readonly #options: ServerEndpointOptions
  readonly #decoder: FrameDecoder
  readonly #encoder = new FrameEncoder()
  readonly #onFrame: (frame: Uint8Array) => void
  /** What has arrived of the preamble; null once it has been answered. */
  #preamble: Uint8Array | null = new Uint8Array(0)
  #greeting: Uint8Array | null = null
  #failed = false
  readonly #maxRequestBytes: number

  constructor(options: ServerEndpointOptions) {
    this.#options = options
    this.#maxRequestBytes = options.maxRequestBytes ?? DEFAULT_MAX_BODY_BYTES
    this.#decoder = new FrameDecoder(options.maxFrameBytes, {
      headBytes: REQUEST_HEAD_BYTES,
      onOversized: (head, frameBytes) => this.#refuseOversized(head, frameBytes),
      mayGather: (bytes) => options.mayGather?.(bytes) !== false,
      onUngathered: (head, frameBytes) => this.#refuseUngathered(head, frameBytes),
    })
    this.#onFrame = (frame) => readRequests(frame, options.onRequest)
  }

  /**
   * Bytes from the client, cut anywhere; they must not be written to afterwards.
   * @throws ProtocolError when they are not of this protocol: write what `take` still gives, then close the connection.
   */
  receive(chunk: Uint8Array): void {
    if (this.#failed) throw new ProtocolError('bytes after those that broke the protocol')
    try {
      const rest = this.#preamble === null ? chunk : this.#greet(this.#preamble, chunk)
      if (rest.length > 0) this.#decoder.push(rest, this.#onFrame)
    } catch (error) {
      this.#failed = true
      throw error
    }
  }

  /** The bytes to write now, or null if there are none. They are never written to again. */
  take(): Uint8Array | null {
    const greeting = this.#greeting
    const frames = this.#encoder.take()
    if (greeting === null) return frames
    this.#greeting = null
    return frames === null ? greeting : Buffer.concat([greeting, frames])
  }

  /** Answers that wait to be taken, in bytes. */
  get pendingBytes(): number {
    return this.#encoder.pendingBytes + (this.#greeting?.length ?? 0)
  }

  /** Memory taken for a frame that has not come whole, in bytes. */
  get gatheredBytes(): number {
    return this.#decoder.gatheredBytes
  }

  /** What a command came to. */
  result(id: number, result: CommandResult): void {
    this.#respond(id, Operation[result.type], encodeResult(result))
  }

  get(id: number, result: GetResult): void {
    this.#respond(id, ResponseKind.Get, encodeGetResult(result))
  }

  range(id: number, result: RangeResult): void {
    this.#respond(id, ResponseKind.Range, encodeRangeResult(result))
  }

  status(id: number, status: StatusResult): void {
    this.#respond(id, ResponseKind.Status, encodeStatus(status))
  }

  error(id: number, error: ErrorResponse): void {
    this.#respond(id, ResponseKind.Error, encodeError(error))
  }

  #refuseOversized(head: Uint8Array, frameBytes: number): void {
    const { id, bodyBytes } = readOversizedRequest(head, frameBytes)
    const message = `a request of ${bodyBytes} bytes is over the limit of ${this.#maxRequestBytes}: split it`
    this.error(id, { outcome: 'notAppended', code: ErrorCode.TooLarge, message, leader: null })
  }

  #refuseUngathered(head: Uint8Array, frameBytes: number): void {
    const { id, bodyBytes } = readOversizedRequest(head, frameBytes)
    const message = `there is no room for a request of ${bodyBytes} bytes now: try again when some of what waits has finished`
    this.error(id, { outcome: 'notAppended', code: ErrorCode.Overloaded, message, leader: null })
  }

  #respond(id: number, kind: number, body: Uint8Array): void {
    const first = this.pendingBytes === 0
    writeResponse(this.#encoder, id, kind, body)
    if (first) this.#options.onPending()
  }

  /** @returns what of the chunk follows the preamble. */
  #greet(before: Uint8Array, chunk: Uint8Array): Uint8Array {
    const bytes = before.length === 0 ? chunk : Buffer.concat([before, chunk])
    const versions = decodeClientPreamble(bytes)
    if (versions === null) {
      this.#preamble = bytes
      return NOTHING
    }
    this.#preamble = null
    const version = chooseVersion(versions)
    this.#greeting = encodeServerPreamble(version, this.#options.identity, this.#maxRequestBytes)
    this.#options.onPending()
    if (version === 0) throw new ProtocolError(`a client that speaks versions ${versions.oldest} to ${versions.newest} of the protocol`)
    this.#options.onGreeting?.()
    return bytes.subarray(CLIENT_PREAMBLE_BYTES)
  }
}

const NOTHING = new Uint8Array(0)
