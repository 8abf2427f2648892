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
  /** Up to here entries were handed out; above appliedIndex while they are being applied. */
  #handedOut: number
  #loading = false
  #loaded: EntryBatch | null = null

  constructor(appliedIndex: number) {
    this.#appliedIndex = appliedIndex
    this.#handedOut = appliedIndex
  }

  fork(): Applying {
    const copy = new Applying(this.#appliedIndex)
    copy.#handedOut = this.#handedOut
    copy.#loading = this.#loading
    copy.#loaded = this.#loaded
    return copy
  }

  fingerprint(): string {
    return [this.#appliedIndex, this.#handedOut, this.#loading, nameOf(this.#loaded)].join()
  }

  get appliedIndex(): number {
    return this.#appliedIndex
  }

  applied(index: number): void {
    assert(index === this.#handedOut, () => `applied up to ${index}, but ${this.#handedOut} was handed out`)
    this.#appliedIndex = index
  }

  /** What a request has brought; null when the entries have been replaced meanwhile. */
  loaded(entries: EntryBatch | null): void {
    this.#loading = false
    this.#loaded = entries
  }

  /** @param limit the last index that is committed and durable */
  next(log: Log, limit: number, maxBytes: number): NextToApply {
    if (this.#handedOut > this.#appliedIndex || this.#appliedIndex >= limit) return NOTHING
    const from = this.#appliedIndex + 1
    const entries = log.entries(from, limit, maxBytes) ?? this.#takeLoaded(from, limit)
    if (entries === null) {
      if (this.#loading) return NOTHING
      this.#loading = true
      return { entries: null, request: { from, to: Math.min(limit, log.windowFirst - 1), maxBytes } }
    }
    this.#handedOut = entries.lastIndex
    return { entries, request: null }
  }

  #takeLoaded(from: number, limit: number): EntryBatch | null {
    const loaded = this.#loaded
    this.#loaded = null
    return loaded?.has(from) === true ? loaded.slice(from, Math.min(limit, loaded.lastIndex)) : null
  }
}
