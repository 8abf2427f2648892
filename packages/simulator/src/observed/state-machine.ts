import { type EntryBatch, EntryKind, type StateMachine } from '@raft/core'
import type { Prng } from '../world/prng.js'
import type { Observer } from './observer.js'

export interface StateMachineOptions<Result, Answer> {
  /** What the node answers a command with, made of what the state machine gave for it. */
  readonly answer: (index: number, result: Result | undefined) => Answer
  /** Where delays come from, so that it takes its time; null: it applies at once. */
  readonly slowness: Prng | null
  /** Where it is drawn how much it applies at once: it may stop before the end of what it is given. */
  readonly pieces: Prng
  readonly onApplied: () => void
}

const PIECE_CHANCE = 0.2

/** A member's state machine: what it is given and what it gives is checked, and it may be made to take its time. */
export class ObservedStateMachine<Result, Answer> implements StateMachine<Answer> {
  readonly #machine: StateMachine<Result>
  readonly #observer: Observer
  readonly #options: StateMachineOptions<Result, Answer>

  constructor(machine: StateMachine<Result>, observer: Observer, options: StateMachineOptions<Result, Answer>) {
    this.#machine = machine
    this.#observer = observer
    this.#options = options
  }

  get lastApplied(): number {
    return this.#machine.lastApplied
  }

  apply(entries: EntryBatch, awaitedFrom: number): readonly (Answer | undefined)[] | Promise<readonly (Answer | undefined)[]> {
    const { slowness, pieces } = this.#options
    const last = pieces.chance(PIECE_CHANCE) ? entries.firstIndex + pieces.below(entries.count) : entries.lastIndex
    const piece = entries.slice(entries.firstIndex, last)
    const { id, facts, oracles, incarnation } = this.#observer
    facts.world.note(`${id} applies`, piece.firstIndex, piece.lastIndex)
    oracles.tell('onApply', id, piece, this.#machine.lastApplied)
    if (slowness === null) return this.#apply(piece, awaitedFrom)
    return incarnation.later(slowness.exponential(1), () => this.#apply(piece, awaitedFrom)).then((answers) => answers)
  }

  #apply(entries: EntryBatch, awaitedFrom: number): readonly (Answer | undefined)[] | Promise<readonly (Answer | undefined)[]> {
    const results = this.#machine.apply(entries, awaitedFrom)
    return results instanceof Promise
      ? results.then((some) => this.#answers(entries, some, awaitedFrom))
      : this.#answers(entries, results, awaitedFrom)
  }

  #answers(entries: EntryBatch, results: readonly (Result | undefined)[], awaitedFrom: number): readonly (Answer | undefined)[] {
    const { id, facts } = this.#observer
    const { answer, onApplied } = this.#options
    const { firstIndex, count } = entries
    if (results.length < 1 || results.length > count)
      facts.violated('one result an entry', `the state machine of ${id} gave ${results.length} results for ${count} entries`)
    const { lastApplied } = this.#machine
    if (lastApplied !== firstIndex + results.length - 1)
      facts.violated(
        'counts what it applies',
        `the state machine of ${id} gave ${results.length} results from ${firstIndex} on; its lastApplied is ${lastApplied}`,
      )
    onApplied()
    return results.map((result, i) => {
      const index = firstIndex + i
      return index >= awaitedFrom && entries.kind(index) === EntryKind.Command ? answer(index, result) : undefined
    })
  }
}
