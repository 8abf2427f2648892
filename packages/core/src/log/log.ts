import { EntryBatch } from '../entry-batch.js'
import { assert } from '../errors.js'
import { HASH_START, hashEntries } from '../fingerprint.js'
import type { StoredLog } from '../ports/log-storage.js'
import type { TermRun } from '../types.js'
import { TermRuns } from './term-runs.js'

/** Batches of so many bytes are not joined with others. */
const NOT_JOINED_BYTES = 16 * 1024
/** Of the window, what stays of entries that nobody is known to need, for a member that falls behind by little; and at most. */
const SPARE_SHARE = 1 / 16
const MAX_SPARE_BYTES = 1024 * 1024

/**
 * The member's view of the entries. The terms of all of them are in memory; payloads only from `windowFirst` on, the older
 * ones are in storage.
 *
 * baseIndex <= durableIndex <= lastIndex; every entry behind durableIndex is in the window.
 */
export class Log {
  readonly baseIndex: number
  readonly baseTerm: number
  #lastIndex: number
  #durableIndex: number
  readonly #runs: TermRuns
  /** Batches that follow one another and end at lastIndex. */
  readonly #window: EntryBatch[]
  #windowBytes: number
  readonly #maxWindowBytes: number

  constructor(stored: StoredLog, maxWindowBytes: number) {
    this.baseIndex = stored.baseIndex
    this.baseTerm = stored.baseTerm
    this.#lastIndex = stored.lastIndex
    this.#durableIndex = stored.lastIndex
    this.#runs = new TermRuns(stored.runs)
    this.#window = []
    this.#windowBytes = 0
    this.#maxWindowBytes = maxWindowBytes
  }

  fork(): Log {
    const stored = { baseIndex: this.baseIndex, baseTerm: this.baseTerm, lastIndex: this.#lastIndex, runs: this.#runs.toArray() }
    const copy = new Log({ ...stored, hardState: { currentTerm: 0, votedFor: null } }, this.#maxWindowBytes)
    copy.#durableIndex = this.#durableIndex
    copy.#window.push(...this.#window)
    copy.#windowBytes = this.#windowBytes
    return copy
  }

  get lastIndex(): number {
    return this.#lastIndex
  }

  get lastTerm(): number {
    return this.#lastIndex === this.baseIndex ? this.baseTerm : this.#runs.lastTerm
  }

  /** Everything up to here survives a crash. */
  get durableIndex(): number {
    return this.#durableIndex
  }

  get runs(): readonly TermRun[] {
    return this.#runs.toArray()
  }

  /** The first index whose payload is in memory; `lastIndex + 1` when none is. */
  get windowFirst(): number {
    return this.#window[0]?.firstIndex ?? this.#lastIndex + 1
  }

  get windowBytes(): number {
    return this.#windowBytes
  }

  get window(): readonly EntryBatch[] {
    return this.#window
  }

  /** A hash of the entries in memory, for fingerprints: equal however they are cut into batches. */
  contentHash(): number {
    return this.#window.reduce(hashEntries, HASH_START)
  }

  /** The term at `index`, from `baseIndex` to `lastIndex`. */
  term(index: number): number {
    assert(
      index >= this.baseIndex && index <= this.#lastIndex,
      () => `term of ${index} in a log of ${this.baseIndex} to ${this.#lastIndex}`,
    )
    return index === this.baseIndex ? this.baseTerm : this.#runs.at(index)
  }

  /** Whether the log has an entry of this term at this index (the consistency check of AppendEntries). */
  matches(index: number, term: number): boolean {
    return index >= this.baseIndex && index <= this.#lastIndex && this.term(index) === term
  }

  /** Whether a candidate whose log ends with this entry may have this member's vote (paper §5.4.1). */
  isUpToDate(lastLogIndex: number, lastLogTerm: number): boolean {
    return lastLogTerm > this.lastTerm || (lastLogTerm === this.lastTerm && lastLogIndex >= this.#lastIndex)
  }

  /** The largest index, at most `index`, whose term is at most `term`: the furthest at which two logs may still agree. */
  lastIndexWithTermAtMost(term: number, index: number): number {
    const bounded = Math.min(index, this.#lastIndex)
    return bounded <= this.baseIndex ? this.baseIndex : this.#runs.lastWithTermAtMost(term, bounded, this.baseIndex)
  }

  /** The first index at which the log lacks the batch's entry or has one of another term; null when it has them all. */
  firstDifference(batch: EntryBatch): number | null {
    for (let i = 0; i < batch.runs.length; i++) {
      const run = batch.runs[i] as TermRun
      const end = (batch.runs[i + 1]?.firstIndex ?? batch.lastIndex + 1) - 1
      let index = Math.max(run.firstIndex, this.baseIndex + 1)
      while (index <= end) {
        if (index > this.#lastIndex || this.#runs.at(index) !== run.term) return index
        index = this.#runs.endOfRun(index, this.#lastIndex) + 1
      }
    }
    return null
  }

  append(batch: EntryBatch): void {
    assert(batch.firstIndex === this.#lastIndex + 1, () => `a batch at ${batch.firstIndex} behind index ${this.#lastIndex}`)
    if (batch.count === 0) return
    for (const run of batch.runs) this.#runs.append(run)
    this.#window.push(batch)
    this.#windowBytes += batch.byteLength
    this.#lastIndex = batch.lastIndex
  }

  /** Forgets the entries from `index` on. What was durable of them no longer counts as such. */
  truncateFrom(index: number): void {
    assert(
      index > this.baseIndex && index <= this.#lastIndex,
      () => `truncation from ${index} of a log of ${this.baseIndex} to ${this.#lastIndex}`,
    )
    this.#runs.truncateFrom(index)
    while (this.windowFirst <= this.#lastIndex && (this.#window.at(-1) as EntryBatch).lastIndex >= index) {
      const batch = this.#window.pop() as EntryBatch
      this.#windowBytes -= batch.byteLength
      if (batch.firstIndex >= index) continue
      const kept = batch.slice(batch.firstIndex, index - 1)
      this.#window.push(kept)
      this.#windowBytes += kept.byteLength
      break
    }
    this.#lastIndex = index - 1
    this.#durableIndex = Math.min(this.#durableIndex, index - 1)
  }

  /** A write has made the entries up to `index` durable. */
  madeDurable(index: number): void {
    assert(index <= this.#lastIndex, () => `durable up to ${index} in a log that ends at ${this.#lastIndex}`)
    this.#durableIndex = Math.max(this.#durableIndex, index)
    this.#evict(this.#maxWindowBytes, this.#durableIndex)
  }

  /**
   * Nobody is known to need the entries before `index`: of those most leave memory at once, and not when the window is full.
   * Garbage that is young costs a collector next to nothing; what outlives two of its rounds stays until all that is alive has
   * been looked through, which in a member of millions of keys takes seconds.
   */
  release(index: number): void {
    this.#evict(Math.min(this.#maxWindowBytes * SPARE_SHARE, MAX_SPARE_BYTES), index - 1)
  }

  /**
   * Entries from `from` to `to` at most, that hold `maxBytes` together but at least one; null when the first of them is no
   * longer in memory. Small batches are joined; a large one is given as it lies in memory, since joining would copy it.
   */
  entries(from: number, to: number, maxBytes: number): EntryBatch | null {
    if (from < this.windowFirst) return null
    const parts: EntryBatch[] = []
    let bytes = 0
    for (let i = this.#windowPlace(from); i < this.#window.length; i++) {
      const batch = this.#window[i] as EntryBatch
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
    for (let i = this.#windowPlace(from); i < this.#window.length; i++) {
      const batch = this.#window[i] as EntryBatch
      const first = last + 1
      if (first > from && batch.bytesOf(first, first) > left) break
      last = batch.lastWithin(first, left)
      left -= batch.bytesOf(first, last)
      if (last < batch.lastIndex) break
    }
    return last
  }

  /** The entries from `from` to `to` as they lie in memory, without copying: for a write. */
  unwritten(from: number, to: number): readonly EntryBatch[] {
    this.#assertInMemory(from)
    const parts: EntryBatch[] = []
    for (let i = this.#windowPlace(from); i < this.#window.length; i++) {
      const batch = this.#window[i] as EntryBatch
      if (batch.firstIndex > to) break
      parts.push(batch.slice(Math.max(from, batch.firstIndex), Math.min(to, batch.lastIndex)))
    }
    return parts
  }

  #assertInMemory(index: number): void {
    assert(index >= this.windowFirst, () => `the entry at ${index} is to be written, but memory begins at ${this.windowFirst}`)
  }

  /** The place in the window of the batch that holds `index`. */
  #windowPlace(index: number): number {
    let low = 0
    let high = this.#window.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#window[middle] as EntryBatch).lastIndex >= index) high = middle
      else low = middle + 1
    }
    return low
  }

  /** Durable entries up to `lastIndex`, until no more than `maxBytes` are left. */
  #evict(maxBytes: number, lastIndex: number): void {
    const last = Math.min(lastIndex, this.#durableIndex)
    let evicted = 0
    while (this.#windowBytes > maxBytes) {
      const batch = this.#window[evicted]
      if (batch === undefined || batch.lastIndex > last) break
      this.#windowBytes -= batch.byteLength
      evicted += 1
    }
    if (evicted > 0) this.#window.splice(0, evicted)
  }
}
