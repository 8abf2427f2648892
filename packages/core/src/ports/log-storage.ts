import type { EntryBatch } from '../entry-batch.js'
import type { HardState, TermRun } from '../types.js'

/** What a storage holds when it is opened. */
export interface StoredLog {
  /** `{ currentTerm: 0, votedFor: null }` in a new storage. */
  readonly hardState: HardState
  /** The log begins behind this index: 0, or the last index that a snapshot has replaced. */
  readonly baseIndex: number
  /** The term of the entry at `baseIndex`; 0 when that is 0. */
  readonly baseTerm: number
  /** Index of the last entry; `baseIndex` when there is none. */
  readonly lastIndex: number
  /** The terms of the entries behind `baseIndex`, as runs ascending in both fields; empty when there is none. */
  readonly runs: readonly TermRun[]
}

/** What becomes durable in one piece: after a crash either all of it is there, or the storage is as it was before. */
export interface LogWrite {
  /** To be stored in place of the one before, or null to keep that one. */
  readonly hardState: HardState | null
  /**
   * Batches that follow one another; may be empty. The first begins behind `baseIndex` and at most one behind the last
   * stored index. Where it begins at or before that, the stored entries from there on are replaced.
   */
  readonly entries: readonly EntryBatch[]
}

/**
 * The port that makes entries and hard state durable. One Node uses it, from `open` to `close`.
 *
 * Errors of `write` are final: the Node stops, and never calls `write` again (the page may be gone: fsync is not retried).
 */
export interface LogStorage {
  /**
   * Reads what is stored, and repairs what a crash left behind. Called once, before anything else. What it returns is
   * durable.
   * @throws StorageError when the storage is damaged, in use by another, or belongs to another member.
   */
  open(): Promise<StoredLog>

  /**
   * Makes `write` durable, then calls `done(null)`; or calls `done(error)` when it cannot, and then the storage may hold
   * the write or not. At most one write is in flight. `done` is called once, never before `write` has returned. The bytes
   * stay immutable and may be kept.
   */
  write(write: LogWrite, done: (error: Error | null) => void): void

  /**
   * Reads entries from index `from` on, to `to` at most (both included): at least one, and more only if they hold at most
   * `maxBytes` together. It may give fewer: the node asks again for the rest. Both are durable at the time of the call.
   * A write that is in flight then or comes later may replace them, or leave a shorter log: that is no error, and either the
   * old or the new entries are read. The result is immutable from then on. `done` is called once, never before `read` has
   * returned; an error is fatal to the node.
   */
  read(from: number, to: number, maxBytes: number, done: (error: Error | null, entries: EntryBatch | null) => void): void

  /** Waits for what is in flight and lets go of everything. Safe to call twice. */
  close(): Promise<void>
}
