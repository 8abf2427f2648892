import { type EntryBatch, nameOf } from './entry-batch.js'
import { assert } from './errors.js'
import type { Log } from './log/log.js'

export interface NextToApply {
  readonly entries: EntryBatch | null
  /** What must be read from storage before. */
  readonly request: { readonly from: number; readonly to: number; readonly maxBytes: number } | null
}

const NOTHING: NextToApply = { entries: null, request: null }

/** Which entries the state machine gets next: in order, each once, one batch at a time. */
export class Applying {
  #appliedIndex: number
  /** The entries that are being applied; null when none are. */
  #handedOut: EntryBatch | null = null
  #loading = false
  #loaded: EntryBatch | null = null

  constructor(appliedIndex: number) {
    this.#appliedIndex = appliedIndex
  }

  fork(): Applying {
    const copy = new Applying(this.#appliedIndex)
    copy.#handedOut = this.#handedOut
    copy.#loading = this.#loading
    copy.#loaded = this.#loaded
    return copy
  }

  fingerprint(): string {
    return [this.#appliedIndex, nameOf(this.#handedOut), this.#loading, nameOf(this.#loaded)].join()
  }

  get appliedIndex(): number {
    return this.#appliedIndex
  }

  /** What was handed out is applied, or its first entries up to `index` are: the others are handed out again. */
  applied(index: number): void {
    const entries = this.#handedOut
    assert(entries?.has(index) === true, () => `applied up to ${index}, which was not handed out behind ${this.#appliedIndex}`)
    // Kept: to read them from storage once more would take long.
    if (index < entries.lastIndex) this.#loaded = entries.slice(index + 1, entries.lastIndex)
    this.#handedOut = null
    this.#appliedIndex = index
  }

  /** What a request has brought; null when the entries have been replaced meanwhile. */
  loaded(entries: EntryBatch | null): void {
    this.#loading = false
    this.#loaded = entries
  }

  /** @param limit the last index that is committed and durable */
  next(log: Log, limit: number, maxBytes: number): NextToApply {
    if (this.#handedOut !== null || this.#appliedIndex >= limit) return NOTHING
    const from = this.#appliedIndex + 1
    const entries = log.entries(from, limit, maxBytes) ?? this.#takeLoaded(from, limit)
    if (entries === null) {
      if (this.#loading) return NOTHING
      this.#loading = true
      return { entries: null, request: { from, to: Math.min(limit, log.windowFirst - 1), maxBytes } }
    }
    this.#handedOut = entries
    this.#loaded = null
    return { entries, request: null }
  }

  #takeLoaded(from: number, limit: number): EntryBatch | null {
    const loaded = this.#loaded
    this.#loaded = null
    return loaded?.has(from) === true ? loaded.slice(from, Math.min(limit, loaded.lastIndex)) : null
  }
}
