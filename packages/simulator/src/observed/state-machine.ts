import { type EntryBatch, EntryKind, type StateMachine } from '@raft/core'
import type { Prng } from '../world/prng.js'
import type { Observer } from './observer.js'

export interface StateMachineOptions<Result, Answer> {
  /** What the node answers a command with, made of what the state machine gave for it. */
  readonly answer: (index: number, result: Result | undefined) => Answer
  /** Where delays come from, so that it takes its time; null: it applies at once. */
  readonly slowness: Prng | null
  readonly onApplied: () => void
}

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

  apply(entries: EntryBatch): readonly (Answer | undefined)[] | Promise<readonly (Answer | undefined)[]> {
    const { id, facts, oracles, incarnation } = this.#observer
    const { slowness } = this.#options
    facts.world.note(`${id} applies`, entries.firstIndex, entries.lastIndex)
    oracles.tell('onApply', id, entries, this.#machine.lastApplied)
    if (slowness === null) return this.#apply(entries)
    return incarnation.later(slowness.exponential(1), () => this.#apply(entries)).then((answers) => answers)
  }

  #apply(entries: EntryBatch): readonly (Answer | undefined)[] | Promise<readonly (Answer | undefined)[]> {
    const results = this.#machine.apply(entries)
    return results instanceof Promise ? results.then((some) => this.#answers(entries, some)) : this.#answers(entries, results)
  }

  #answers(entries: EntryBatch, results: readonly (Result | undefined)[]): readonly (Answer | undefined)[] {
    const { id, facts } = this.#observer
    const { answer, onApplied } = this.#options
    if (results.length !== entries.count)
      facts.violated('one result an entry', `the state machine of ${id} gave ${results.length} results for ${entries.count} entries`)
    const { lastApplied } = this.#machine
    if (lastApplied !== entries.lastIndex)
      facts.violated(
        'counts what it applies',
        `the state machine of ${id} was given ${entries.lastIndex}; its lastApplied is ${lastApplied}`,
      )
    onApplied()
    return results.map((result, i) => {
      const index = entries.firstIndex + i
      return entries.kind(index) === EntryKind.Command ? answer(index, result) : undefined
    })
  }
}
