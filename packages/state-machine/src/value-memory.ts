/** Values larger than this get memory of their own. */
const MAX_SHARED_BYTES = 1024
const SLAB_BYTES = 8 * 1024

/**
 * Copies values out of the batch that brought them. A value that stayed a view would keep its whole batch (megabytes) in
 * memory for as long as the key is not overwritten; a copy in a slab keeps at most the slab, 8 KiB, and saves the cost of
 * an allocation off the heap, which is more than that of copying.
 */
export class ValueMemory {
  #slab = Buffer.allocUnsafeSlow(0)
  #used = 0

  copy(value: Uint8Array): Uint8Array {
    const length = value.length
    if (length > MAX_SHARED_BYTES) {
      const own = Buffer.allocUnsafeSlow(length)
      own.set(value)
      return own
    }
    if (this.#used + length > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
      this.#used = 0
    }
    const start = this.#used
    this.#used = start + length
    this.#slab.set(value, start)
    return this.#slab.subarray(start, this.#used)
  }
}
