import { OperationSet, sameWindow, type Window } from './operation-set.js'

interface Configuration<State> {
  readonly answered: Window
  readonly unknown: Window
  readonly state: State
}

/**
 * Which operations are in the order that is being built, and every configuration (these operations, the state after them) that was met:
 * whatever follows from one was tried when it was met first (Lowe 2017, section 3). Compared exactly, hashes only find them.
 */
export class Configurations<State> {
  /** Answered operations by the order of their returns, which makes the beginning full. */
  readonly #answered: OperationSet
  readonly #unknown: OperationSet
  readonly #position: Int32Array
  readonly #isAnswered: readonly boolean[]
  readonly #hashOf: (state: State) => number
  readonly #equals: (a: State, b: State) => boolean
  readonly #met = new Map<number, Configuration<State>[]>()
  #hash = 0

  constructor(returns: readonly number[], hash: (state: State) => number, equals: (a: State, b: State) => boolean) {
    const isAnswered = returns.map((time) => time !== Number.POSITIVE_INFINITY)
    const byReturn = [...returns.keys()].sort((a, b) =>
      returns[a] === returns[b] ? a - b : (returns[a] as number) - (returns[b] as number),
    )
    const answered = isAnswered.filter((is) => is).length
    this.#position = new Int32Array(returns.length)
    for (const [position, operation] of byReturn.entries())
      this.#position[operation] = isAnswered[operation] ? position : position - answered
    this.#isAnswered = isAnswered
    this.#answered = new OperationSet(answered)
    this.#unknown = new OperationSet(returns.length - answered)
    this.#hashOf = hash
    this.#equals = equals
  }

  add(operation: number): void {
    this.#setOf(operation).add(this.#position[operation] as number)
    this.#hash ^= scattered(operation)
  }

  delete(operation: number): void {
    this.#setOf(operation).delete(this.#position[operation] as number)
    this.#hash ^= scattered(operation)
  }

  /** Whether the operations that are in now, with this state, are met for the first time. */
  isNew(state: State): boolean {
    const hash = this.#hash ^ Math.imul(this.#hashOf(state), 0x9e37_79b1)
    const met = { answered: this.#answered.window(), unknown: this.#unknown.window(), state }
    const alike = this.#met.get(hash)
    if (alike === undefined) this.#met.set(hash, [met])
    else if (alike.some((one) => this.#isSame(one, met))) return false
    else alike.push(met)
    return true
  }

  #isSame(a: Configuration<State>, b: Configuration<State>): boolean {
    return sameWindow(a.answered, b.answered) && sameWindow(a.unknown, b.unknown) && this.#equals(a.state, b.state)
  }

  #setOf(operation: number): OperationSet {
    return this.#isAnswered[operation] ? this.#answered : this.#unknown
  }
}

/** The number's bits, mixed up: the hash of a set is the exclusive or of its members'. */
function scattered(operation: number): number {
  let x = Math.imul(operation + 1, 0x9e37_79b1)
  x = Math.imul(x ^ (x >>> 16), 0x85eb_ca6b)
  return x ^ (x >>> 13)
}
