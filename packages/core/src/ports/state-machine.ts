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
   * Applies entries that follow `lastApplied`, in order, those that are not of kind `Command` by counting them only. Returns
   * what the entries from the first on came to, one result each (undefined where it is no command), or a promise of that.
   *
   * It may stop early, behind any entry but none, where results or work become large: it returns as many results as entries
   * were applied, and gets the rest with a later call, when these results are delivered and others have had their turn.
   * Where it stops must not change what entries come to. The next call comes after the return, or once the promise is
   * fulfilled. The bytes are immutable, and may be kept.
   *
   * @param awaitedFrom results of entries before this index are of use to nobody and may be undefined; Infinity where nobody
   * waits for any, as on a follower, or when a log is applied at a start
   */
  apply(entries: EntryBatch, awaitedFrom: number): readonly (Result | undefined)[] | Promise<readonly (Result | undefined)[]>
}
