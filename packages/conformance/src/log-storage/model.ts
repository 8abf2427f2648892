import assert from 'node:assert/strict'
import type { EntryBatch, HardState, LogWrite, StoredLog, TermRun } from '@raft/core'

interface ModelEntry {
  readonly term: number
  readonly kind: number
  readonly payload: Uint8Array
}

/** Where a log begins: see `StoredLog`. The hard state of a new storage is of `term` as well, since no member's is behind its log. */
export interface Base {
  readonly index: number
  readonly term: number
}

/** The simplest storage there is, which every other must be equal to. Immutable. */
export class LogModel {
  readonly base: Base
  readonly hardState: HardState
  readonly #entries: readonly ModelEntry[]

  constructor(base: Base, hardState: HardState, entries: readonly ModelEntry[] = []) {
    this.base = base
    this.hardState = hardState
    this.#entries = entries
  }

  get lastIndex(): number {
    return this.base.index + this.#entries.length
  }

  get lastTerm(): number {
    return this.#entries.at(-1)?.term ?? this.base.term
  }

  get runs(): TermRun[] {
    const runs: TermRun[] = []
    this.#entries.forEach(({ term }, i) => {
      if (runs.at(-1)?.term !== term) runs.push({ firstIndex: this.base.index + 1 + i, term })
    })
    return runs
  }

  /** The storage after this write. */
  after(write: LogWrite): LogModel {
    const entries = [...this.#entries]
    for (const batch of write.entries) {
      if (batch.count === 0) continue
      entries.length = batch.firstIndex - this.base.index - 1
      for (let index = batch.firstIndex; index <= batch.lastIndex; index++)
        entries.push({ term: batch.term(index), kind: batch.kind(index), payload: Uint8Array.from(batch.payload(index)) })
    }
    return new LogModel(this.base, write.hardState ?? this.hardState, entries)
  }

  /** What is wrong with `batch` as an answer to a read from `from` to `to`; null when nothing is. */
  faultIn(batch: EntryBatch, from: number, to: number, maxBytes: number): string | null {
    const read = `a read from ${from} to ${to} of at most ${maxBytes} bytes`
    if (batch.firstIndex !== from) return `${read} begins at ${batch.firstIndex}`
    if (batch.count < 1) return `${read} gives no entry`
    if (batch.lastIndex > to) return `${read} goes on to ${batch.lastIndex}`
    if (batch.count > 1 && batch.byteLength > maxBytes) return `${read} gives ${batch.count} entries of ${batch.byteLength} bytes`
    for (let index = from; index <= batch.lastIndex; index++) {
      const fault = this.#faultOfEntry(batch, index)
      if (fault !== null) return `${read}: ${fault}`
    }
    return faultInRuns(batch)
  }

  /** Fails when `stored` is not what `open` should return for this. */
  check(stored: StoredLog): void {
    const { hardState, baseIndex, baseTerm, lastIndex, runs } = stored
    assert.deepEqual({ ...hardState }, { ...this.hardState }, 'the hard state that open returns')
    assert.deepEqual({ index: baseIndex, term: baseTerm }, { ...this.base }, 'the base that open returns')
    assert.equal(lastIndex, this.lastIndex, 'the last index that open returns')
    assert.deepEqual(
      runs.map(({ firstIndex, term }) => ({ firstIndex, term })),
      this.runs,
      'the runs that open returns',
    )
  }

  /** Whether `stored` may be what `open` returned for this, to choose between two. */
  matches(stored: StoredLog): boolean {
    try {
      this.check(stored)
      return true
    } catch {
      return false
    }
  }

  #faultOfEntry(batch: EntryBatch, index: number): string | null {
    const expected = this.#entries[index - this.base.index - 1]
    if (expected === undefined) return `entry ${index} is not in the log`
    if (batch.term(index) !== expected.term) return `entry ${index} is of term ${batch.term(index)}, not ${expected.term}`
    if (batch.kind(index) !== expected.kind) return `entry ${index} is of kind ${batch.kind(index)}, not ${expected.kind}`
    if (Buffer.compare(batch.payload(index), expected.payload) !== 0) return `entry ${index} has other bytes than were written`
    return null
  }
}

/** Batches cross to disk and wire as they are: their runs must be as `EntryBatch` says. */
function faultInRuns({ runs, firstIndex, lastIndex }: EntryBatch): string | null {
  const text = runs.map((run) => `${run.firstIndex}:${run.term}`).join()
  if (runs[0]?.firstIndex !== firstIndex) return `the runs ${text} of a batch from ${firstIndex} on`
  for (const [i, run] of runs.entries()) {
    const before = runs[i - 1]
    if (run.firstIndex > lastIndex) return `the runs ${text} of a batch up to ${lastIndex}`
    if (before !== undefined && (run.firstIndex <= before.firstIndex || run.term <= before.term)) return `runs ${text} do not ascend`
  }
  return null
}
