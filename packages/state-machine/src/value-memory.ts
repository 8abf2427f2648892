import { uncountedMemory } from './uncounted-memory.js'

/** Values larger than this get memory of their own. */
const MAX_SHARED_BYTES = 1024
const SLAB_BYTES = 8 * 1024
/** A value takes the room of the one before unless it would leave more than half of it unused, and more than this. */
const MAX_UNUSED_BYTES = 64
/** Values up to this are copied word by word. */
const MAX_BYTES_BY_WORD = 512
const WORD_BYTES = 4

/** Where a value lies. */
export interface Place {
  memory: DataView
  start: number
  length: number
  /** From `start` on, so many bytes are this value's. */
  room: number
}

/** Memory that small values share. */
class Slab {
  memory: DataView = new DataView(new ArrayBuffer(0))
  used = 0
  readonly #allocate: (bytes: number) => DataView

  constructor(allocate: (bytes: number) => DataView) {
    this.#allocate = allocate
  }

  take(length: number, place: Place): void {
    // A value without bytes takes none, but lies where there is one: it is read ahead like any other.
    if (this.used + Math.max(length, 1) > this.memory.byteLength) {
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
  readonly #added = new Slab((bytes) => new DataView(uncountedMemory(bytes)))
  readonly #copied = new Slab(allocate)

  /** The most that there ever were, forks included. */
  #mostKeys = 0

  /**
   * Room for the value of a key, if it is a new one that makes more of them than there ever were.
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
  replace(source: DataView, from: number, to: number, place: Place): void {
    const length = to - from
    const fits = length <= place.room && (place.room <= 2 * length || place.room <= length + MAX_UNUSED_BYTES)
    if (!fits) this.#find(length, place)
    place.length = length
    copy(source, from, length, place.memory, place.start)
  }

  #find(length: number, place: Place): void {
    if (length > MAX_SHARED_BYTES) {
      place.memory = allocate(length)
      place.start = 0
    } else this.#copied.take(length, place)
    place.room = length
  }
}

/**
 * `Uint8Array.set` makes a view of what it copies, which is garbage then, and looks at the buffer behind its target, which lies
 * elsewhere in the memory: with words and DataViews, which V8 compiles to plain moves, a put of 128 B takes four fifths of the time.
 */
function copy(source: DataView, from: number, length: number, target: DataView, at: number): void {
  if (length > MAX_BYTES_BY_WORD) {
    viewOf(target, at, length).set(viewOf(source, from, length))
    return
  }
  let done = 0
  for (; done + WORD_BYTES <= length; done += WORD_BYTES) target.setUint32(at + done, source.getUint32(from + done))
  for (; done < length; done++) target.setUint8(at + done, source.getUint8(from + done))
}

/** So many bytes from `start` on. */
export function viewOf({ buffer, byteOffset }: DataView, start: number, length: number): Uint8Array {
  return new Uint8Array(buffer, byteOffset + start, length)
}

function allocate(bytes: number): DataView {
  const { buffer, byteOffset } = Buffer.allocUnsafeSlow(bytes)
  return new DataView(buffer, byteOffset, bytes)
}
