import { ProtocolError } from '@raft/commands'
import { FrameDecoder } from './frame-decoder.js'
import { FrameEncoder } from './frame-encoder.js'
import { decodeServerPreamble, encodeClientPreamble, isSpoken, PROTOCOL_VERSION, type ServerPreamble } from './preamble.js'
import { writeRequest } from './request.js'
import { encodeError, type OnResponse, RESPONSE_HEAD_BYTES, ResponseKind, readOversizedResponse, readResponses } from './response.js'

export interface ClientEndpointOptions {
  /** Called once, when the server has said who it is. Requests may be sent before. */
  readonly onGreeting: (server: ServerPreamble) => void
  /** Takes each response as it arrives. It must not throw. */
  readonly onResponse: OnResponse
  /**
   * Largest frame that is accepted, in bytes. Default 64 MiB and 128 KiB. A larger one with a single response is skipped, and
   * `onResponse` gets an error in its place, `RAFT_ANSWER_TOO_LARGE`.
   */
  readonly maxFrameBytes?: number
}

const MAX_PREAMBLE_BYTES = 1024

/** The client's half of one connection, free of sockets; the counterpart of `ServerEndpoint`. */
export class ClientEndpoint {
  readonly #options: ClientEndpointOptions
  readonly #decoder: FrameDecoder
  readonly #encoder = new FrameEncoder()
  readonly #onFrame: (frame: Uint8Array) => void
  /** What has arrived of the server's preamble; null once it has been read. */
  #preamble: Uint8Array | null = new Uint8Array(0)
  #greeting: Uint8Array | null = encodeClientPreamble()
  #failed = false

  constructor(options: ClientEndpointOptions) {
    this.#options = options
    this.#decoder = new FrameDecoder(options.maxFrameBytes, {
      headBytes: RESPONSE_HEAD_BYTES,
      onOversized: (head, frameBytes) => {
        const { id, error } = readOversizedResponse(head, frameBytes)
        options.onResponse(id, ResponseKind.Error, encodeError(error))
      },
    })
    this.#onFrame = (frame) => readResponses(frame, options.onResponse)
  }

  /** `timeout` in milliseconds, at most a u32; 0: none. `body` is copied. */
  request(id: number, kind: number, timeout: number, body: Uint8Array): void {
    writeRequest(this.#encoder, id, kind, timeout, body)
  }

  /** Requests that wait to be taken, in bytes. */
  get pendingBytes(): number {
    return this.#encoder.pendingBytes + (this.#greeting?.length ?? 0)
  }

  /** The bytes to write now, the client's preamble first; null if there are none. They are never written to again. */
  take(): Uint8Array | null {
    const greeting = this.#greeting
    const frames = this.#encoder.take()
    if (greeting === null) return frames
    this.#greeting = null
    return frames === null ? greeting : Buffer.concat([greeting, frames])
  }

  /**
   * Bytes from the server, cut anywhere; they must not be written to afterwards.
   * @throws ProtocolError when they are not of this protocol or its version does not fit: close the connection.
   */
  receive(chunk: Uint8Array): void {
    if (this.#failed) throw new ProtocolError('bytes after those that broke the protocol')
    try {
      const rest = this.#preamble === null ? chunk : this.#greeted(this.#preamble, chunk)
      if (rest.length > 0) this.#decoder.push(rest, this.#onFrame)
    } catch (error) {
      this.#failed = true
      throw error
    }
  }

  /** @returns what of the chunk follows the preamble. */
  #greeted(before: Uint8Array, chunk: Uint8Array): Uint8Array {
    const bytes = before.length === 0 ? chunk : Buffer.concat([before, chunk])
    const decoded = decodeServerPreamble(bytes)
    if (decoded === null) {
      if (bytes.length > MAX_PREAMBLE_BYTES) throw new ProtocolError('a preamble without end')
      this.#preamble = bytes
      return NOTHING
    }
    const { preamble, length } = decoded
    if (!isSpoken(preamble.version))
      throw new ProtocolError(
        `${preamble.memberId} speaks versions ${preamble.oldest} to ${preamble.newest} of the client protocol, and this client ${PROTOCOL_VERSION}: ` +
          `use a client of the cluster's version`,
      )
    this.#preamble = null
    this.#options.onGreeting(preamble)
    return bytes.subarray(length)
  }
}

const NOTHING = new Uint8Array(0)
