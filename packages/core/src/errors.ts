import type { Member, MemberId } from './types.js'

/** Every error that a user can cause or must handle. `code` is stable across versions; the message is for people. */
export class RaftError extends Error {
  readonly code: string
  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message)
    this.code = code
    this.name = new.target.name
    if (options !== undefined && 'cause' in options) this.cause = options.cause
  }
}

/** The member asked does not lead. Nothing was appended; ask `leader`, if it is known. */
export class NotLeaderError extends RaftError {
  readonly leader: Member | null
  constructor(leader: Member | null) {
    super(
      'RAFT_NOT_LEADER',
      leader === null
        ? 'this member does not lead and knows no leader: try again after waitForLeader()'
        : `this member does not lead: ask ${leader.id}`,
    )
    this.leader = leader
  }
  get leaderId(): MemberId | null {
    return this.leader?.id ?? null
  }
}

/**
 * The proposal was appended, but this member cannot say what became of it: it may have taken effect, or may yet.
 * Retry only what is safe to do twice.
 */
export class OutcomeUnknownError extends RaftError {
  constructor(reason: string) {
    super('RAFT_OUTCOME_UNKNOWN', `the outcome of the proposal is unknown (${reason}): it may have taken effect, or may yet`)
  }
}

/** Too much is waiting. Nothing was appended; try again when some of it has finished. */
export class OverloadedError extends RaftError {
  constructor(what: string) {
    super('RAFT_OVERLOADED', `too much is waiting (${what}): try again when some of it has finished`)
  }
}

/** The command is larger than this group accepts. Nothing was appended. */
export class CommandTooLargeError extends RaftError {
  constructor(bytes: number, limit: number) {
    super('RAFT_COMMAND_TOO_LARGE', `a command of ${bytes} bytes is over the limit of ${limit} (maxCommandBytes)`)
  }
}

/** The node was stopped, by its owner or by a fatal error, which is then the cause. */
export class NodeStoppedError extends RaftError {
  constructor(cause?: unknown) {
    const reason = cause instanceof Error ? `: ${cause.message}` : ''
    super('RAFT_STOPPED', `the node has stopped${reason}`, cause === undefined ? undefined : { cause })
  }
}

/** What was waited for did not come in time, or the wait was aborted. For a proposal see `OutcomeUnknownError`. */
export class WaitAbortedError extends RaftError {
  constructor(what: string) {
    super('RAFT_WAIT_ABORTED', `gave up waiting for ${what}`)
  }
}

/** An option has a value that cannot work. */
export class ConfigurationError extends RaftError {
  constructor(message: string) {
    super('RAFT_CONFIGURATION', message)
  }
}

/** Bytes that are no message or batch of entries of a version known here. */
export class FormatError extends RaftError {
  constructor(message: string) {
    super('RAFT_FORMAT', message)
  }
}

/** The durable log cannot be read or written. Fatal to the node: a failed write is never retried. */
export class StorageError extends RaftError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('RAFT_STORAGE', message, options)
  }
}

/** A state that the algorithm rules out: a bug here, or in a port that broke its contract. Fatal to the node. */
export class AssertionError extends RaftError {
  constructor(message: string) {
    super('RAFT_ASSERTION', message)
  }
}

/** @throws AssertionError when `condition` is false; `message` carries the values. */
export function assert(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new AssertionError(message())
}
