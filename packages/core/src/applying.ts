import type { EntryBatch } from './entry-batch.js'
import { assert } from './errors.js'
import { digestOf } from './fingerprint.js'
import type { Log } from './log/log.js'

export interface NextToApply {
  readonly entries: EntryBatch | null
  /** The entries that must be fetched from storage first. */
  readonly fetch: { readonly from: number; readonly to: number; readonly maxBytes: number } | null
}

const NOTHING: NextToApply = { entries: null, fetch: null }

/** Which entries the state machine gets next: in order, each once, one batch at a time. */
export class Applying {
  #appliedIndex: number
  /** The entries that are being applied; null when none are. */
  #handedOut: EntryBatch | null = null
  #isFetching = false
  #fetched: EntryBatch | null = null

  constructor(appliedIndex: number) {
    this.#appliedIndex = appliedIndex
  }

  fork(): Applying {
    const copy = new Applying(this.#appliedIndex)
    copy.#handedOut = this.#handedOut
    copy.#isFetching = this.#isFetching
    copy.#fetched = this.#fetched
    return copy
  }

  fingerprint(): string {
    return [this.#appliedIndex, digestOf(this.#handedOut), this.#isFetching, digestOf(this.#fetched)].join()
  }

  get appliedIndex(): number {
    return this.#appliedIndex
  }

  /** The entries that were handed out are applied up to `index`. The others are handed out again. */
  applied(index: number): void {
    const entries = this.#handedOut
    assert(entries?.has(index) === true, () => `applied up to ${index}, which was not handed out behind ${this.#appliedIndex}`)
    // Kept: to fetch them from storage once more would take long.
    if (index < entries.lastIndex) this.#fetched = entries.slice(index + 1, entries.lastIndex)
    this.#handedOut = null
    this.#appliedIndex = index
  }

  /** The entries that were asked for have come; null when the log has replaced them meanwhile. */
  fetched(entries: EntryBatch | null): void {
    this.#isFetching = false
    this.#fetched = entries
  }

  /** @param limit the last index that is committed and durable */
  next(log: Log, limit: number, maxBytes: number): NextToApply {
    if (this.#handedOut !== null || this.#appliedIndex >= limit) return NOTHING
    const from = this.#appliedIndex + 1
    const entries = log.entries(from, limit, maxBytes) ?? this.#takeLoaded(from, limit)
    if (entries === null) {
      if (this.#isFetching) return NOTHING
      this.#isFetching = true
      return { entries: null, fetch: { from, to: Math.min(limit, log.windowFirst - 1), maxBytes } }
    }
    this.#handedOut = entries
    this.#fetched = null
    return { entries, fetch: null }
  }

  #takeLoaded(from: number, limit: number): EntryBatch | null {
    const fetched = this.#fetched
    this.#fetched = null
    return fetched?.has(from) === true ? fetched.slice(from, Math.min(limit, fetched.lastIndex)) : null
  }
}
