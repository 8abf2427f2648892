import { getU32, ProtocolError } from '@raft/commands'

/** The largest body of a request or response: 64 MiB. */
export const DEFAULT_MAX_BODY_BYTES = 64 * 1024 * 1024
/** Room for the heads of requests and the fields beside a value of the largest size. */
export const FRAME_OVERHEAD_BYTES = 128 * 1024
export const DEFAULT_MAX_FRAME_BYTES = DEFAULT_MAX_BODY_BYTES + FRAME_OVERHEAD_BYTES

export const FRAME_LENGTH_BYTES = 4
const FIRST_ALLOCATION = 64 * 1024
/** A frame over the limit is skipped up to this size. A larger one is nothing that anybody means: 256 MiB. */
const MAX_SKIPPED_BYTES = 256 * 1024 * 1024

/** What becomes of a frame that is over the limit: it is read, and thrown away as it comes. */
export interface OversizedFrames {
  /** How many bytes from the beginning of the frame `onOversized` is given. */
  readonly headBytes: number
  /** Called once these have come, before the rest has. @throws ProtocolError when nothing can be said about such a frame */
  readonly onOversized: (head: Uint8Array, frameBytes: number) => void
  /**
   * Whether this many bytes of memory may be taken for a frame that comes in pieces; asked again as it grows, and not for its first
   * 64 KiB. Default: they may. Where not, what has come of the frame is thrown away like the rest.
   */
  readonly mayGather?: (bytes: number) => boolean
  /** As `onOversized`, for a frame that could not be gathered. */
  readonly onUngathered?: (head: Uint8Array, frameBytes: number) => void
}

/**
 * Cuts a stream of chunks into frames: `length u32 | that many bytes`. A frame that lies whole in one chunk is handed out as a
 * view of it; another is gathered in memory that grows with what has arrived, never with what was promised. Of a frame over the
 * limit only the head is kept, and the frames behind it are read as if it had not been there. Chunks must not be written to
 * afterwards.
 */
export class FrameDecoder {
  readonly #maxFrameBytes: number
  readonly #oversized: OversizedFrames | null
  /** Bytes of a frame over the limit that are still to come, behind its head. */
  #toSkip = 0
  /** The length of the frame over the limit whose head is being gathered; 0: none. */
  #oversizedBytes = 0
  /** Of the frame that is being gathered; -1 while its head is. */
  #length = -1
  #gathered: Uint8Array = new Uint8Array(0)
  #count = 0
  readonly #head = new Uint8Array(FRAME_LENGTH_BYTES)
  #headCount = 0

  /** @param oversized default: a frame over the limit is an error */
  constructor(maxFrameBytes = DEFAULT_MAX_FRAME_BYTES, oversized: OversizedFrames | null = null) {
    this.#maxFrameBytes = maxFrameBytes
    this.#oversized = oversized
  }

  /** Bytes kept for a frame that has not arrived whole. */
  get bufferedBytes(): number {
    return this.#headCount + this.#count
  }

  /** Bytes of memory taken for it. */
  get gatheredBytes(): number {
    return this.#gathered.length
  }

  /**
   * @throws ProtocolError for an empty frame, and for one over the limit that cannot be skipped, before any memory is taken for
   * it; the stream is of no more use then.
   */
  push(received: Uint8Array, onFrame: (frame: Uint8Array) => void): void {
    // Views of a plain array are made in a fraction of the time that views of a Buffer take.
    const chunk = new Uint8Array(received.buffer, received.byteOffset, received.length)
    let at = 0
    const end = chunk.length
    while (at < end) {
      if (this.#toSkip > 0) {
        const skipped = Math.min(this.#toSkip, end - at)
        this.#toSkip -= skipped
        at += skipped
        continue
      }
      if (this.#length === -1) {
        if (this.#headCount === 0 && end - at >= FRAME_LENGTH_BYTES) {
          const length = this.#begin(getU32(chunk, at))
          at += FRAME_LENGTH_BYTES
          if (length <= end - at) {
            at += length
            this.#finish(chunk.subarray(at - length, at), onFrame)
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
      this.#length = this.#begin(getU32(this.#head, 0))
      this.#headCount = 0
    }
    return at
  }

  #gather(chunk: Uint8Array, at: number, onFrame: (frame: Uint8Array) => void): number {
    const length = this.#length
    const take = Math.min(length - this.#count, chunk.length - at)
    if (!this.#reserve(this.#count + take, length)) return this.#skip(chunk, at, length)
    this.#gathered.set(chunk.subarray(at, at + take), this.#count)
    this.#count += take
    if (this.#count === length) {
      const frame = this.#gathered.subarray(0, length)
      this.#gathered = new Uint8Array(0)
      this.#count = 0
      this.#length = -1
      this.#finish(frame, onFrame)
    }
    return at + take
  }

  /** @returns whether there is room */
  #reserve(needed: number, length: number): boolean {
    const before = this.#gathered.length
    if (needed <= before) return true
    const bytes = Math.min(length, Math.max(needed, 2 * before, FIRST_ALLOCATION))
    if (before > 0 && this.#oversized?.mayGather?.(bytes - before) === false) return false
    const larger = Buffer.allocUnsafeSlow(bytes)
    larger.set(this.#gathered.subarray(0, this.#count))
    this.#gathered = larger
    return true
  }

  /**
   * Throws away what has come of a frame, and the rest of it as it comes. Room is refused only when more than the first allocation
   * has come, this chunk included, so the head is here whole: the end of it may lie in this chunk.
   * @returns where in the chunk the rest begins
   */
  #skip(chunk: Uint8Array, from: number, length: number): number {
    const headBytes = Math.min(length, this.#oversized?.headBytes ?? 0)
    const missing = Math.max(0, headBytes - this.#count)
    const head = Buffer.concat([this.#gathered.subarray(0, Math.min(this.#count, headBytes)), chunk.subarray(from, from + missing)])
    this.#toSkip = length - this.#count - missing
    this.#gathered = new Uint8Array(0)
    this.#count = 0
    this.#length = -1
    this.#oversized?.onUngathered?.(head, length)
    return from + missing
  }

  /** @returns how much is to be gathered: the frame, or the head of one that is over the limit. */
  #begin(length: number): number {
    if (length === 0) throw new ProtocolError('an empty frame')
    if (length <= this.#maxFrameBytes) return length
    if (this.#oversized === null || length > MAX_SKIPPED_BYTES || this.#oversized.headBytes > length)
      throw new ProtocolError(`a frame of ${length} bytes is over the limit of ${this.#maxFrameBytes}`)
    this.#oversizedBytes = length
    return this.#oversized.headBytes
  }

  #finish(bytes: Uint8Array, onFrame: (frame: Uint8Array) => void): void {
    const frameBytes = this.#oversizedBytes
    if (frameBytes === 0 || this.#oversized === null) {
      onFrame(bytes)
      return
    }
    this.#oversizedBytes = 0
    this.#toSkip = frameBytes - bytes.length
    this.#oversized.onOversized(bytes, frameBytes)
  }
}
