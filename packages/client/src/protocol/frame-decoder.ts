import { getU32 } from './binary.js'
import { ProtocolError } from './errors.js'

/** The largest body of a request or response: 64 MiB. */
export const DEFAULT_MAX_BODY_BYTES = 64 * 1024 * 1024
/** Room for the heads of requests and the fields beside a value of the largest size. */
export const FRAME_OVERHEAD_BYTES = 128 * 1024
export const DEFAULT_MAX_FRAME_BYTES = DEFAULT_MAX_BODY_BYTES + FRAME_OVERHEAD_BYTES

export const FRAME_LENGTH_BYTES = 4
const FIRST_ALLOCATION = 64 * 1024

/**
 * Cuts a stream of chunks into frames: `length u32 | that many bytes`. A frame that lies whole in one chunk is handed out as a
 * view of it; another is gathered in memory that grows with what has arrived, never with what was promised. Chunks must not be
 * written to afterwards.
 */
export class FrameDecoder {
  readonly #maxFrameBytes: number
  /** Of the frame that is being gathered; -1 while its head is. */
  #length = -1
  #gathered: Uint8Array = new Uint8Array(0)
  #count = 0
  readonly #head = new Uint8Array(FRAME_LENGTH_BYTES)
  #headCount = 0

  constructor(maxFrameBytes = DEFAULT_MAX_FRAME_BYTES) {
    this.#maxFrameBytes = maxFrameBytes
  }

  /** Bytes kept for a frame that has not arrived whole. */
  get bufferedBytes(): number {
    return this.#headCount + this.#count
  }

  /** @throws ProtocolError for a frame over the limit, before any memory is taken for it; the stream is of no more use then. */
  push(received: Uint8Array, onFrame: (frame: Uint8Array) => void): void {
    // Views of a plain array are made in a fraction of the time that views of a Buffer take.
    const chunk = new Uint8Array(received.buffer, received.byteOffset, received.length)
    let at = 0
    const end = chunk.length
    while (at < end) {
      if (this.#length === -1) {
        if (this.#headCount === 0 && end - at >= FRAME_LENGTH_BYTES) {
          const length = this.#checked(getU32(chunk, at))
          at += FRAME_LENGTH_BYTES
          if (length <= end - at) {
            at += length
            onFrame(chunk.subarray(at - length, at))
            continue
          }
          this.#length = length
        } else {
          at = this.#gatherHead(chunk, at)
          continue
        }
      }
      at = this.#gather(chunk, at, onFrame)
    }
  }

  #gatherHead(chunk: Uint8Array, from: number): number {
    let at = from
    while (at < chunk.length && this.#headCount < FRAME_LENGTH_BYTES) this.#head[this.#headCount++] = chunk[at++] as number
    if (this.#headCount === FRAME_LENGTH_BYTES) {
      this.#length = this.#checked(getU32(this.#head, 0))
      this.#headCount = 0
    }
    return at
  }

  #gather(chunk: Uint8Array, at: number, onFrame: (frame: Uint8Array) => void): number {
    const length = this.#length
    const take = Math.min(length - this.#count, chunk.length - at)
    this.#reserve(this.#count + take, length)
    this.#gathered.set(chunk.subarray(at, at + take), this.#count)
    this.#count += take
    if (this.#count === length) {
      const frame = this.#gathered.subarray(0, length)
      this.#gathered = new Uint8Array(0)
      this.#count = 0
      this.#length = -1
      onFrame(frame)
    }
    return at + take
  }

  #reserve(needed: number, length: number): void {
    if (needed <= this.#gathered.length) return
    const larger = Buffer.allocUnsafeSlow(Math.min(length, Math.max(needed, 2 * this.#gathered.length, FIRST_ALLOCATION)))
    larger.set(this.#gathered.subarray(0, this.#count))
    this.#gathered = larger
  }

  #checked(length: number): number {
    if (length === 0) throw new ProtocolError('an empty frame')
    if (length > this.#maxFrameBytes) throw new ProtocolError(`a frame of ${length} bytes is over the limit of ${this.#maxFrameBytes}`)
    return length
  }
}
