import { assert } from '../errors.js'
import type { TermRun } from '../types.js'

/** The terms of consecutive entries as runs: a whole log's fit in memory, since terms change only with leaders. */
export class TermRuns {
  readonly #runs: TermRun[]

  /** @param runs ascending in both fields */
  constructor(runs: readonly TermRun[]) {
    this.#runs = [...runs]
  }

  toArray(): readonly TermRun[] {
    return this.#runs
  }

  get lastTerm(): number {
    return this.#runs.at(-1)?.term ?? 0
  }

  /** The term at `index`, which lies at or behind the first run. */
  at(index: number): number {
    const run = this.#runs[this.#find(index)]
    assert(run !== undefined, () => `no term is known for index ${index}`)
    return run.term
  }

  /** The last index of the run that holds `index`, where the runs end at `lastIndex`. */
  endOfRun(index: number, lastIndex: number): number {
    const next = this.#runs[this.#find(index) + 1]
    return next === undefined ? lastIndex : next.firstIndex - 1
  }

  append(run: TermRun): void {
    const last = this.#runs.at(-1)
    if (last?.term === run.term) return
    assert(last === undefined || last.term < run.term, () => `term ${run.term} at index ${run.firstIndex} behind term ${last?.term}`)
    this.#runs.push(run)
  }

  /** Forgets the entries from `index` on. */
  truncateFrom(index: number): void {
    while (this.#runs.length > 0 && (this.#runs.at(-1) as TermRun).firstIndex >= index) this.#runs.pop()
  }

  /** The largest index up to `index` whose term is at most `term`, or `floor` when there is none. */
  lastWithTermAtMost(term: number, index: number, floor: number): number {
    let i = this.#find(index)
    let end = index
    while (i >= 0) {
      const run = this.#runs[i] as TermRun
      if (run.term <= term) return end
      end = run.firstIndex - 1
      i -= 1
    }
    return floor
  }

  /** The place of the run that holds `index`; -1 when it lies before the first. */
  #find(index: number): number {
    let low = -1
    let high = this.#runs.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#runs[middle] as TermRun).firstIndex <= index) low = middle
      else high = middle - 1
    }
    return low
  }
}
