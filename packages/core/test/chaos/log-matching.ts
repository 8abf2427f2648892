import type { EntryBatch, TermRun } from '../../src/index.js'
import { decodeEntry } from './machine.js'
import type { World } from './world.js'

interface Entry {
  readonly content: number
  readonly previousTerm: number
}

/** Every entry that was ever written or sent, by whomever. */
export class LogMatching {
  /** By place behind baseIndex, then by term. */
  readonly #entries: Map<number, Entry>[] = []
  readonly #world: World
  readonly #baseIndex: number

  constructor(world: World, baseIndex: number) {
    this.#world = world
    this.#baseIndex = baseIndex
  }

  /** Log Matching: an index and a term name one entry, and one entry before it. */
  register(entries: EntryBatch, termBefore: number): void {
    let previousTerm = termBefore
    forEachTerm(entries, (index, term) => {
      const place = index - this.#baseIndex - 1
      if (place < 0) return
      this.#entries[place] ??= new Map()
      const byTerm = this.#entries[place] as Map<number, Entry>
      const content = decodeEntry(entries, index)
      const known = byTerm.get(term)
      if (known === undefined) byTerm.set(term, { content, previousTerm })
      else if (known.content !== content || known.previousTerm !== previousTerm) {
        this.#world.violated(
          'Log Matching',
          `entry ${index} of term ${term} is ${content} behind ${previousTerm}, and ${known.content} behind ${known.previousTerm}`,
        )
      }
      previousTerm = term
    })
  }
}

export function forEachTerm(entries: EntryBatch, visit: (index: number, term: number) => void): void {
  for (let i = 0; i < entries.runs.length; i++) {
    const run = entries.runs[i] as TermRun
    const end = entries.runs[i + 1]?.firstIndex ?? entries.lastIndex + 1
    for (let index = run.firstIndex; index < end; index++) visit(index, run.term)
  }
}
