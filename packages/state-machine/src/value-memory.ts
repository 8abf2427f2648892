import { uncountedMemory } from './uncounted-memory.js'

/** Values larger than this get memory of their own. */
const MAX_SHARED_BYTES = 1024
const SLAB_BYTES = 8 * 1024
/** A value takes the room of the one before unless it would leave more than half of it unused, and more than this. */
const MAX_UNUSED_BYTES = 64

/** Where a value lies. */
export interface Place {
  memory: Uint8Array
  start: number
  length: number
  /** From `start` on, so many bytes are this value's. */
  room: number
}

/** Memory that small values share. */
class Slab {
  memory: Uint8Array = new Uint8Array(0)
  used = 0
  readonly #allocate: (bytes: number) => Uint8Array

  constructor(allocate: (bytes: number) => Uint8Array) {
    this.#allocate = allocate
  }

  take(length: number, place: Place): void {
    if (this.used + length > this.memory.length) {
      this.memory = this.#allocate(SLAB_BYTES)
      this.used = 0
    }
    place.memory = this.memory
    place.start = this.used
    this.used += length
  }
}

/**
 * Copies values out of the batch that brought them. A value that stayed a view would keep its whole batch (megabytes) in
 * memory for as long as the key is not overwritten; a copy in a slab keeps at most the slab, 8 KiB, and saves the cost of
 * an allocation off the heap, which is more than that of copying.
 *
 * Small values of keys that make more of them than there ever were lie in memory that V8 does not count: it grows with the heap.
 * All other memory is counted, since as much may be free now: that of the value before, or of a key that was deleted.
 */
export class ValueMemory {
  readonly #added = new Slab((bytes) => new Uint8Array(uncountedMemory(bytes)))
  readonly #copied = new Slab(allocate)

  /** The most that there ever were, forks included. */
  #mostKeys = 0

  /**
   * Room for the value of a new key, if more memory is needed for it than there ever was.
   *
   * @param keys how many there are with this one
   */
  reserve(length: number, place: Place, keys: number): void {
    if (keys <= this.#mostKeys) return
    this.#mostKeys = keys
    if (length > MAX_SHARED_BYTES) return
    this.#added.take(length, place)
    place.room = length
  }

  /**
   * Copies the value, which lies in `source` from `from` up to `to`, and says in `place` where it is. Nobody may see the value that
   * lies there any more: its memory is written over if the new one fits well.
   */
  replace(source: Uint8Array, from: number, to: number, place: Place): void {
    const length = to - from
    const fits = length <= place.room && (place.room <= 2 * length || place.room <= length + MAX_UNUSED_BYTES)
    if (!fits) this.#find(length, place)
    place.length = length
    set.call(place.memory, subarray.call(source, from, to), place.start)
  }

  #find(length: number, place: Place): void {
    if (length > MAX_SHARED_BYTES) {
      place.memory = allocate(length)
      place.start = 0
    } else this.#copied.take(length, place)
    place.room = length
  }
}

/** Node's prototypes make V8 look the methods of arrays up each time: known ones save a third of a copy. */
const { set, subarray } = Uint8Array.prototype

function allocate(bytes: number): Uint8Array {
  const memory = Buffer.allocUnsafeSlow(bytes)
  return new Uint8Array(memory.buffer, memory.byteOffset, bytes)
}
