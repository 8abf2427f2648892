import { putU32 } from '@raft/commands'
import { FRAME_LENGTH_BYTES } from './frame-decoder.js'

/** Memory is taken in slabs that hold several turns of the size of the last; a connection with nothing to say has none. */
const MIN_SLAB_BYTES = 16 * 1024
const MAX_SLAB_BYTES = 1024 * 1024
const TURNS_PER_SLAB = 4
/**
 * No frame grows beyond this, so that the other side can start before all has arrived; an item that is larger has a frame of its
 * own, so that the limit of a frame is the limit of an item.
 */
const FRAME_TARGET_BYTES = 64 * 1024

/**
 * Puts requests or responses one behind the other into frames, until all of them are taken for one write. Bytes that were taken
 * are never written to again, so they can be handed to a socket as they are.
 */
export class FrameEncoder {
  #slab: Uint8Array = new Uint8Array(0)
  #slabBytes = MIN_SLAB_BYTES
  /** What has not been taken lies between `#start` and `#end`. */
  #start = 0
  #end = 0
  /** Where the length of the open frame stands; -1 when none is open. */
  #frame = -1

  /** Bytes that wait to be taken. */
  get pendingBytes(): number {
    return this.#end - this.#start
  }

  /** Room for one item of `length` bytes in `slab`, from the returned place on; the caller writes all of it at once. */
  reserve(length: number): number {
    if (this.#frame !== -1 && this.#end - this.#frame + length > FRAME_TARGET_BYTES) this.#closeFrame()
    const needed = length + (this.#frame === -1 ? FRAME_LENGTH_BYTES : 0)
    if (needed > this.#slab.length - this.#end) this.#grow(needed)
    if (this.#frame === -1) {
      this.#frame = this.#end
      this.#end += FRAME_LENGTH_BYTES
    }
    const at = this.#end
    this.#end = at + length
    return at
  }

  /** The memory that `reserve` gives places in; it may be another one after each `reserve`. */
  get slab(): Uint8Array {
    return this.#slab
  }

  /** All frames since the last call, or null if there are none. */
  take(): Uint8Array | null {
    if (this.#end === this.#start) return null
    this.#closeFrame()
    const bytes = this.#slab.subarray(this.#start, this.#end)
    this.#start = this.#end
    this.#slabBytes = Math.min(MAX_SLAB_BYTES, Math.max(MIN_SLAB_BYTES, TURNS_PER_SLAB * bytes.length))
    return bytes
  }

  #closeFrame(): void {
    if (this.#frame === -1) return
    putU32(this.#slab, this.#frame, this.#end - this.#frame - FRAME_LENGTH_BYTES)
    this.#frame = -1
  }

  /** Doubling, so that a turn of any size is copied at most twice over; bytes already taken stay in the old slab. */
  #grow(needed: number): void {
    const pending = this.#end - this.#start
    const room = pending + needed
    // What is large is followed by more of it, if by anything: it gets no memory that nothing may come for.
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#slabBytes, needed > MAX_SLAB_BYTES ? room : 2 * room))
    larger.set(this.#slab.subarray(this.#start, this.#end))
    if (this.#frame !== -1) this.#frame -= this.#start
    this.#slab = larger
    this.#start = 0
    this.#end = pending
  }
}
