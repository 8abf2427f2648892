/** One operation of one client, as it was seen from outside. */
export interface HistoryOperation<Input, Output> {
  /** Who asked. */
  readonly client: string
  readonly input: Input
  /** What was answered; undefined when the outcome is unknown: it may take effect at any time after its call, or never. */
  readonly output: Output | undefined
  /**
   * When it was called and when it was answered, in any unit whose order is that of real time: what was answered before another was
   * called comes before it. Equal times count as overlapping. `return` is not looked at when the outcome is unknown.
   */
  readonly call: number
  readonly return: number
}

/** What is said to be linearizable: a state machine that says which outputs are right. It must be pure, its states immutable. */
export interface SequentialModel<State, Input, Output> {
  readonly initial: State
  /**
   * The state after the operation: the same object when it changes nothing, null when it cannot have had this output here. Without an
   * output any goes.
   */
  step(state: State, input: Input, output: Output | undefined): State | null
  /**
   * Whether an operation that had this output leaves every state as it is in which it can have had it: a read, a compare-and-set that
   * lost. Not a write of what is there already: elsewhere it would change something. Reads cost the search next to nothing.
   */
  isRead(input: Input, output: Output): boolean
  /**
   * Asked where `step` gives null: whether the operation can have had this output in no state that can follow, either. Saying so is not
   * needed, but spares the search what would be in vain.
   */
  readonly isTooLate?: (state: State, input: Input, output: Output) => boolean
  /** A whole number of 32 bits; equal states have equal ones. */
  hash(state: State): number
  equals(a: State, b: State): boolean
  /** The operation in words; without an output its outcome is unknown. */
  describe(input: Input, output: Output | undefined): string
  /** What of the state decides about this operation, in words. */
  describeState(state: State, input: Input): string
  /**
   * The keys that an operation reads or writes, null for all there are. Operations that share a key, directly or through others, are
   * checked together, all else apart, each from the initial state: sound because linearizability is local (Herlihy and Wing 1990), and
   * exact if no operation depends on a key that it does not name. Without it everything is checked together.
   */
  readonly keys?: (input: Input) => readonly string[] | null
}
