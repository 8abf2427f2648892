import { Configurations } from './configurations.js'
import { EventList } from './event-list.js'
import type { HistoryOperation, SequentialModel } from './model.js'

/** How far a search came. Operations are named by their place in the history. */
export interface Found<State> {
  readonly verdict: 'linearizable' | 'violation' | 'undecided'
  /** An order of all answered operations, with the unknown ones that took effect in it; or the longest that was found. */
  readonly order: readonly number[]
  /** After that order. */
  readonly state: State
  /** The answered operations that overlap at its end. */
  readonly next: readonly number[]
  /** How often the model was asked. */
  readonly steps: number
}

/** The ways to go on from one configuration. */
interface Branch<State> {
  /** Length of the order before the operation that led here. */
  readonly before: number
  readonly state: State
  /** Answered operations that can come next, with the states that they lead to. */
  readonly answered: readonly number[]
  readonly states: readonly State[]
  /** Unknown ones that may: the model is asked when all else has failed. */
  readonly unknown: readonly number[]
  tried: number
}

/**
 * Looks for an order of the operations in which each begins before any that was called after its return, and the model agrees with each
 * output: Wing and Gong's search with Lowe's memory of configurations. Two shortcuts lose nothing: a read that can come next comes next,
 * since whatever order is possible with it in a later place is possible with it in this one; and an operation of unknown outcome that
 * would leave the state as it is may as well never happen.
 */
export class Search<State, Input, Output> {
  readonly #model: SequentialModel<State, Input, Output>
  readonly #operations: readonly HistoryOperation<Input, Output>[]
  readonly #events: EventList
  readonly #configurations: Configurations<State>
  readonly #isAnswered: readonly boolean[]
  readonly #isRead: readonly boolean[]
  readonly #order: number[] = []
  readonly #branches: Branch<State>[] = []
  /** Answered operations that are not in the order. */
  #missing: number
  #steps = 0
  #longest: Pick<Found<State>, 'order' | 'state' | 'next'>
  /** Of `#longest`. */
  #fewestMissing = Number.POSITIVE_INFINITY

  constructor(model: SequentialModel<State, Input, Output>, operations: readonly HistoryOperation<Input, Output>[]) {
    const returns = operations.map((one) => (one.output === undefined ? Number.POSITIVE_INFINITY : one.return))
    this.#model = model
    this.#operations = operations
    this.#events = new EventList(
      operations.map(({ call }) => call),
      returns,
    )
    this.#configurations = new Configurations(returns, model.hash.bind(model), model.equals.bind(model))
    this.#isAnswered = returns.map((time) => time !== Number.POSITIVE_INFINITY)
    this.#isRead = operations.map(({ input, output }) => output !== undefined && model.isRead(input, output))
    this.#missing = this.#isAnswered.filter((is) => is).length
    this.#longest = { order: [], state: model.initial, next: [] }
  }

  /** Undecided when the model was asked `maxSteps` times in vain. */
  run(maxSteps: number): Found<State> {
    this.#enter(this.#model.initial, 0)
    while (this.#missing > 0) {
      const branch = this.#branches.at(-1)
      if (branch === undefined) return { verdict: 'violation', ...this.#longest, steps: this.#steps }
      if (this.#steps > maxSteps) {
        this.#remember(branch.state)
        return { verdict: 'undecided', ...this.#longest, steps: this.#steps }
      }
      this.#goOn(branch)
    }
    this.#remember((this.#branches.at(-1) as Branch<State>).state)
    return { verdict: 'linearizable', ...this.#longest, steps: this.#steps }
  }

  /** Tries the next way from here, or goes back. */
  #goOn(branch: Branch<State>): void {
    const { answered, states, unknown } = branch
    const way = branch.tried++
    if (way >= answered.length + unknown.length) {
      this.#remember(branch.state)
      this.#branches.pop()
      this.#takeBack(branch.before)
      return
    }
    // Most writes that are not answered take effect soon or never: the last called first.
    const operation = (way < answered.length ? answered[way] : unknown[unknown.length - 1 - (way - answered.length)]) as number
    const state = way < answered.length ? (states[way] as State) : this.#step(branch.state, operation)
    if (state === null || (way >= answered.length && state === branch.state)) return
    const before = this.#order.length
    this.#take(operation)
    if (this.#configurations.isNew(state)) this.#enter(state, before)
    else this.#takeBack(before)
  }

  /** Takes the reads that can come next, and notes what else may. */
  #enter(state: State, before: number): void {
    const answered: number[] = []
    const states: State[] = []
    const unknown: number[] = []
    const events = this.#events
    let isInVain = false
    for (let node = events.next(events.head); events.isCall(node) && !isInVain; ) {
      const previous = events.previous(node)
      const after = this.#isAnswered[node] ? this.#step(state, node) : null
      if (after !== null && this.#isRead[node]) {
        this.#take(node)
        node = events.next(previous)
        continue
      }
      if (after !== null) {
        answered.push(node)
        states.push(after)
      } else if (!this.#isAnswered[node]) unknown.push(node)
      else isInVain = this.#isTooLate(state, node)
      node = events.next(node)
    }
    const ways = isInVain ? NOTHING : { answered, states, unknown }
    this.#branches.push({ before, state, ...ways, tried: 0 })
  }

  /**
   * If nothing longer was found, nor anything as long that needs fewer unknown ones. Asked where the search goes back, so that one that
   * never does copies its order once.
   */
  #remember(state: State): void {
    if (this.#missing > this.#fewestMissing) return
    if (this.#missing === this.#fewestMissing && this.#order.length >= this.#longest.order.length) return
    const next: number[] = []
    for (let node = this.#events.next(this.#events.head); this.#events.isCall(node); node = this.#events.next(node))
      if (this.#isAnswered[node]) next.push(node)
    this.#fewestMissing = this.#missing
    this.#longest = { order: [...this.#order], state, next }
  }

  #step(state: State, operation: number): State | null {
    this.#steps += 1
    const { input, output } = this.#operations[operation] as HistoryOperation<Input, Output>
    return this.#model.step(state, input, output)
  }

  #isTooLate(state: State, operation: number): boolean {
    const { input, output } = this.#operations[operation] as HistoryOperation<Input, Output>
    return output !== undefined && this.#model.isTooLate?.(state, input, output) === true
  }

  #take(operation: number): void {
    const isAnswered = this.#isAnswered[operation] === true
    this.#events.lift(operation, isAnswered)
    this.#configurations.add(operation)
    this.#order.push(operation)
    if (isAnswered) this.#missing -= 1
  }

  #takeBack(length: number): void {
    while (this.#order.length > length) {
      const operation = this.#order.pop() as number
      const isAnswered = this.#isAnswered[operation] === true
      this.#events.unlift(operation, isAnswered)
      this.#configurations.delete(operation)
      if (isAnswered) this.#missing += 1
    }
  }
}

const NOTHING = { answered: [], states: [], unknown: [] }
