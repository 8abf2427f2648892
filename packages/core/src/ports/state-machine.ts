import type { EntryBatch } from '../entry-batch.js'

/**
 * The port that applies committed commands. It must be deterministic: equal entries give equal states and results on every
 * member. A command that makes no sense is answered with a result that says so; what `apply` throws is fatal to the node.
 */
export interface StateMachine<Result = unknown> {
  /**
   * Index of the last entry that the state includes; 0 when it is new. A state machine that stores its state durably stores
   * this index in the same step; the node goes on behind it.
   */
  readonly lastApplied: number

  /**
   * Applies entries that follow `lastApplied`, in order, those that are not of kind `Command` by counting them only.
   * Returns one result an entry (undefined where it is no command), or a promise of them. The next call comes after that.
   * The bytes are immutable, and may be kept.
   */
  apply(entries: EntryBatch): readonly (Result | undefined)[] | Promise<readonly (Result | undefined)[]>
}
