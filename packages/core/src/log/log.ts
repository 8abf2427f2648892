import type { EntryBatch } from '../entry-batch.js'
import { assert } from '../errors.js'
import type { StoredLog } from '../ports/log-storage.js'
import type { TermRun } from '../types.js'
import { TermRuns } from './term-runs.js'
import { LogWindow } from './window.js'

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
  readonly #window: LogWindow

  /** @param window by default one that is empty, of at most `maxWindowBytes` */
  constructor(stored: StoredLog, maxWindowBytes: number, window = new LogWindow(stored.lastIndex, maxWindowBytes)) {
    this.baseIndex = stored.baseIndex
    this.baseTerm = stored.baseTerm
    this.#lastIndex = stored.lastIndex
    this.#durableIndex = stored.lastIndex
    this.#runs = new TermRuns(stored.runs)
    this.#window = window
  }

  fork(): Log {
    const stored = { baseIndex: this.baseIndex, baseTerm: this.baseTerm, lastIndex: this.#lastIndex, runs: this.#runs.toArray() }
    const copy = new Log({ ...stored, hardState: { currentTerm: 0, votedFor: null } }, 0, this.#window.fork())
    copy.#durableIndex = this.#durableIndex
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
    return this.#window.firstIndex
  }

  get windowBytes(): number {
    return this.#window.bytes
  }

  get window(): readonly EntryBatch[] {
    return this.#window.batches
  }

  /** A hash of the entries in memory, for fingerprints: equal however they are cut into batches. */
  contentHash(): number {
    return this.#window.contentHash()
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
    this.#window.append(batch)
    this.#lastIndex = batch.lastIndex
  }

  /** Forgets the entries from `index` on. What was durable of them no longer counts as such. */
  truncateFrom(index: number): void {
    assert(
      index > this.baseIndex && index <= this.#lastIndex,
      () => `truncation from ${index} of a log of ${this.baseIndex} to ${this.#lastIndex}`,
    )
    this.#runs.truncateFrom(index)
    this.#window.truncateFrom(index)
    this.#lastIndex = index - 1
    this.#durableIndex = Math.min(this.#durableIndex, index - 1)
  }

  /** A write has made the entries up to `index` durable. */
  madeDurable(index: number): void {
    assert(index <= this.#lastIndex, () => `durable up to ${index} in a log that ends at ${this.#lastIndex}`)
    this.#durableIndex = Math.max(this.#durableIndex, index)
    this.#window.evict(this.#durableIndex)
  }

  /** Nobody is known to need the entries before `index`: those that are durable may leave memory. */
  release(index: number): void {
    this.#window.release(Math.min(index - 1, this.#durableIndex))
  }

  /**
   * Entries from `from` to `to` at most, that hold `maxBytes` together but at least one; null when the first of them is no
   * longer in memory.
   */
  entries(from: number, to: number, maxBytes: number): EntryBatch | null {
    return this.#window.entries(from, to, maxBytes)
  }

  /** The last index of those from `from` on that together hold at most `maxBytes`; `from` itself whatever its size. */
  lastWithin(from: number, maxBytes: number): number {
    return this.#window.lastWithin(from, maxBytes)
  }

  /** The entries from `from` to `to` as they lie in memory, without copying: for a write. */
  unwritten(from: number, to: number): readonly EntryBatch[] {
    return this.#window.slices(from, to)
  }
}
