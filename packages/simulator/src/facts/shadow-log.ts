import type { HardState, LogWrite, StoredLog } from '@raft/core'
import { entryDigest } from './entry-digest.js'

interface PendingWrite {
  readonly hardState: HardState | null
  /** The entries from here on are replaced; behind the last one when there are none. */
  readonly from: number
  readonly terms: readonly number[]
  readonly digests: readonly number[]
  readonly since: number
}

/** What the storage of one member owes, whatever storage it is: what it has called durable, and what it was asked to write. */
export class ShadowLog {
  readonly baseIndex: number
  readonly baseTerm: number
  hardState: HardState
  /** Of the entries behind baseIndex. */
  #terms: number[] = []
  #digests: number[] = []
  #pending: PendingWrite | null = null

  constructor(baseIndex: number, baseTerm: number) {
    this.baseIndex = baseIndex
    this.baseTerm = baseTerm
    this.hardState = { currentTerm: baseTerm, votedFor: null }
  }

  get lastIndex(): number {
    return this.baseIndex + this.#terms.length
  }

  get issuedLastIndex(): number {
    return this.#pending === null ? this.lastIndex : this.#pending.from + this.#pending.terms.length - 1
  }

  /** Since when a write has been under way; Infinity when none is. */
  get pendingSince(): number {
    return this.#pending?.since ?? Number.POSITIVE_INFINITY
  }

  /** It holds nothing, and was asked to hold nothing. */
  get isPristine(): boolean {
    return this.#pending === null && this.#terms.length === 0 && this.hardState.currentTerm === this.baseTerm
  }

  /** The term at `index`, or -1 where there is no entry that is durable. */
  termAt(index: number): number {
    return index === this.baseIndex ? this.baseTerm : (this.#terms[index - this.baseIndex - 1] ?? -1)
  }

  digestAt(index: number): number {
    return this.#digests[index - this.baseIndex - 1] ?? -1
  }

  /** As `termAt`, once the write in flight will be done. */
  issuedTermAt(index: number): number {
    const pending = this.#pending
    if (pending === null || index < pending.from) return this.termAt(index)
    return pending.terms[index - pending.from] ?? -1
  }

  /** @returns what is wrong with the write, or null. */
  issue(write: LogWrite, now: number): string | null {
    if (this.#pending !== null) return 'a write was given while another was in flight'
    const first = write.entries[0]?.firstIndex ?? this.lastIndex + 1
    if (first <= this.baseIndex || first > this.lastIndex + 1) {
      return `a write from ${first} on to a log of ${this.baseIndex} to ${this.lastIndex}`
    }
    const terms: number[] = []
    const digests: number[] = []
    for (const batch of write.entries) {
      if (batch.firstIndex !== first + terms.length) return `a batch at ${batch.firstIndex} where ${first + terms.length} was due`
      for (let index = batch.firstIndex; index <= batch.lastIndex; index++) {
        terms.push(batch.term(index))
        digests.push(entryDigest(batch, index))
      }
    }
    this.#pending = { hardState: write.hardState, from: first, terms, digests, since: now }
    return null
  }

  /** The storage has called the write in flight durable. */
  complete(): void {
    const pending = this.#pending
    if (pending === null) return
    this.#pending = null
    if (pending.hardState !== null) this.hardState = pending.hardState
    if (pending.terms.length === 0) return
    const kept = pending.from - this.baseIndex - 1
    this.#terms.length = kept
    this.#digests.length = kept
    for (const term of pending.terms) this.#terms.push(term)
    for (const content of pending.digests) this.#digests.push(content)
  }

  /** What is durable now, which does not change with it. */
  copy(): ShadowLog {
    const copy = new ShadowLog(this.baseIndex, this.baseTerm)
    copy.hardState = this.hardState
    copy.#terms = [...this.#terms]
    copy.#digests = [...this.#digests]
    return copy
  }

  /** What it owes now. Returns what makes it owe that again, when the disk is brought back to this time. */
  snapshot(): () => void {
    const { hardState } = this
    const [terms, digests, pending] = [[...this.#terms], [...this.#digests], this.#pending]
    return () => {
      this.hardState = hardState
      this.#terms = [...terms]
      this.#digests = [...digests]
      this.#pending = pending
    }
  }

  /** A new disk in place of the old one. */
  forget(): void {
    this.hardState = { currentTerm: this.baseTerm, votedFor: null }
    this.#terms = []
    this.#digests = []
    this.#pending = null
  }

  /**
   * The storage was opened again. What was in flight at the end of the life before is there wholly, or not at all.
   * @returns what is wrong, or null.
   */
  reopen(stored: StoredLog): string | null {
    if (this.#matches(stored)) {
      this.#pending = null
      return null
    }
    if (this.#pending !== null) {
      const before = { hardState: this.hardState, terms: this.#terms, digests: this.#digests }
      this.#terms = [...before.terms]
      this.#digests = [...before.digests]
      this.complete()
      if (this.#matches(stored)) return null
      this.hardState = before.hardState
      this.#terms = before.terms
      this.#digests = before.digests
    }
    return `opens with term ${stored.hardState.currentTerm}, a vote for ${stored.hardState.votedFor} and entries up to ${stored.lastIndex} (${stored.runs.map(({ firstIndex, term }) => `${firstIndex}: term ${term}`).join(', ')}), where term ${this.hardState.currentTerm}, a vote for ${this.hardState.votedFor} and entries up to ${this.lastIndex} were durable`
  }

  #matches(stored: StoredLog): boolean {
    const { hardState, baseIndex, lastIndex, runs } = stored
    if (baseIndex !== this.baseIndex || lastIndex !== this.lastIndex) return false
    if (hardState.currentTerm !== this.hardState.currentTerm || hardState.votedFor !== this.hardState.votedFor) return false
    let run = -1
    for (let index = baseIndex + 1; index <= lastIndex; index++) {
      if (runs[run + 1]?.firstIndex === index) run += 1
      if (runs[run]?.term !== this.#terms[index - baseIndex - 1]) return false
    }
    return run === runs.length - 1
  }
}
