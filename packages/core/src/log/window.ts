import { EntryBatch } from '../entry-batch.js'
import { assert } from '../errors.js'
import { HASH_START, hashEntries } from '../fingerprint.js'

/** A batch of this many bytes or more is not joined with others, since joining copies. */
const NOT_JOINED_BYTES = 16 * 1024
/** The share of the window that entries may take which nobody is known to need. They serve a member that falls behind by little. */
const SPARE_SHARE = 1 / 16
/** Maximum number of bytes of such entries. */
const MAX_SPARE_BYTES = 1024 * 1024

/** The entries at the end of a log that are in memory. Only what is durable leaves it. */
export class LogWindow {
  /** Batches that follow one another and end at the end of the log. */
  readonly #batches: EntryBatch[] = []
  #bytes = 0
  /** One behind the last entry of the log. */
  #nextIndex: number
  readonly #maxBytes: number

  /** A window without entries, behind a log that ends at `lastIndex`. */
  constructor(lastIndex: number, maxBytes: number) {
    this.#nextIndex = lastIndex + 1
    this.#maxBytes = maxBytes
  }

  fork(): LogWindow {
    const copy = new LogWindow(this.#nextIndex - 1, this.#maxBytes)
    copy.#batches.push(...this.#batches)
    copy.#bytes = this.#bytes
    return copy
  }

  /** A hash of the entries: equal however they are cut into batches. */
  contentHash(): number {
    return this.#batches.reduce(hashEntries, HASH_START)
  }

  get batches(): readonly EntryBatch[] {
    return this.#batches
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The index of the first entry in memory; one behind the end of the log when there is none. */
  get firstIndex(): number {
    return this.#batches[0]?.firstIndex ?? this.#nextIndex
  }

  append(batch: EntryBatch): void {
    this.#batches.push(batch)
    this.#bytes += batch.byteLength
    this.#nextIndex = batch.lastIndex + 1
  }

  /** Forgets the entries from `index` on. */
  truncateFrom(index: number): void {
    while (this.#batches.length > 0 && (this.#batches.at(-1) as EntryBatch).lastIndex >= index) {
      const batch = this.#batches.pop() as EntryBatch
      this.#bytes -= batch.byteLength
      if (batch.firstIndex >= index) continue
      const kept = batch.slice(batch.firstIndex, index - 1)
      this.#batches.push(kept)
      this.#bytes += kept.byteLength
      break
    }
    this.#nextIndex = index
  }

  /** Entries up to `durableIndex` leave memory where the window is over its limit. */
  evict(durableIndex: number): void {
    this.#evict(this.#maxBytes, durableIndex)
  }

  /**
   * Entries up to `lastIndex` are durable, and nobody is known to need them: all but a few bytes leave memory now, and not when the
   * window is full. While they are young they cost a collector next to nothing. Old garbage stays until a full collection, which takes
   * seconds in a member of millions of keys (decision 007).
   */
  release(lastIndex: number): void {
    this.#evict(Math.min(this.#maxBytes * SPARE_SHARE, MAX_SPARE_BYTES), lastIndex)
  }

  /**
   * Entries from `from` to `to` at most, that hold `maxBytes` together but at least one; null when the first of them is no
   * longer in memory. Small batches are joined; a large one is given as it lies in memory, since joining would copy it.
   */
  entries(from: number, to: number, maxBytes: number): EntryBatch | null {
    if (from < this.firstIndex) return null
    const parts: EntryBatch[] = []
    let bytes = 0
    for (let i = this.#placeOf(from); i < this.#batches.length; i++) {
      const batch = this.#batches[i] as EntryBatch
      const first = Math.max(from, batch.firstIndex)
      if (first > to) break
      const left = maxBytes - bytes
      if (parts.length > 0 && left <= 0) break
      const part = batch.slice(first, Math.min(to, batch.lastWithin(first, left)))
      const isSmall = part.byteLength < NOT_JOINED_BYTES
      if (parts.length > 0 && (bytes + part.byteLength > maxBytes || !isSmall)) break
      parts.push(part)
      bytes += part.byteLength
      if (part.lastIndex < batch.lastIndex || !isSmall) break
    }
    return EntryBatch.concat(parts)
  }

  /** The last index of those from `from` on that together hold at most `maxBytes`; `from` itself whatever its size. */
  lastWithin(from: number, maxBytes: number): number {
    this.#assertInMemory(from)
    let last = from - 1
    let left = maxBytes
    for (let i = this.#placeOf(from); i < this.#batches.length; i++) {
      const batch = this.#batches[i] as EntryBatch
      const first = last + 1
      if (first > from && batch.bytesOf(first, first) > left) break
      last = batch.lastWithin(first, left)
      left -= batch.bytesOf(first, last)
      if (last < batch.lastIndex) break
    }
    return last
  }

  /** The entries from `from` to `to` as they lie in memory, without copying. */
  slices(from: number, to: number): readonly EntryBatch[] {
    this.#assertInMemory(from)
    const parts: EntryBatch[] = []
    for (let i = this.#placeOf(from); i < this.#batches.length; i++) {
      const batch = this.#batches[i] as EntryBatch
      if (batch.firstIndex > to) break
      parts.push(batch.slice(Math.max(from, batch.firstIndex), Math.min(to, batch.lastIndex)))
    }
    return parts
  }

  #assertInMemory(index: number): void {
    assert(index >= this.firstIndex, () => `the entry at ${index} is to be written, but memory begins at ${this.firstIndex}`)
  }

  /** The place of the batch that holds `index`. */
  #placeOf(index: number): number {
    let low = 0
    let high = this.#batches.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#batches[middle] as EntryBatch).lastIndex >= index) high = middle
      else low = middle + 1
    }
    return low
  }

  /** Entries up to `lastIndex` leave, whole batches only, until no more than `maxBytes` are left. */
  #evict(maxBytes: number, lastIndex: number): void {
    let evicted = 0
    while (this.#bytes > maxBytes) {
      const batch = this.#batches[evicted]
      if (batch === undefined || batch.lastIndex > lastIndex) break
      this.#bytes -= batch.byteLength
      evicted += 1
    }
    if (evicted > 0) this.#batches.splice(0, evicted)
  }
}
