/** Values larger than this get memory of their own. */
const MAX_SHARED_BYTES = 1024
const SLAB_BYTES = 8 * 1024

/** Where a value lies. */
export interface Place {
  memory: Buffer
  start: number
  length: number
}

/**
 * Copies values out of the batch that brought them. A value that stayed a view would keep its whole batch (megabytes) in
 * memory for as long as the key is not overwritten; a copy in a slab keeps at most the slab, 8 KiB, and saves the cost of
 * an allocation off the heap, which is more than that of copying. Bytes once copied are never written to again.
 */
export class ValueMemory {
  #slab = Buffer.allocUnsafeSlow(0)
  #used = 0

  /** Copies the bytes of `source` from `from` up to `to`, and says in `place` where they are. */
  copy(source: Uint8Array, from: number, to: number, place: Place): void {
    const length = to - from
    place.length = length
    if (length > MAX_SHARED_BYTES) {
      place.memory = Buffer.allocUnsafeSlow(length)
      place.start = 0
    } else {
      if (this.#used + length > this.#slab.length) {
        this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
        this.#used = 0
      }
      place.memory = this.#slab
      place.start = this.#used
      this.#used += length
    }
    // A plain view takes half the time of one of Buffer's.
    place.memory.set(new Uint8Array(source.buffer, source.byteOffset + from, length), place.start)
  }
}
