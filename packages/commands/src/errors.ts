/** Base of every error of a store, of its clients and of their protocol. `code` is stable across versions; the message is for people. */
export class StoreError extends Error {
  readonly code: string
  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message)
    this.code = code
    this.name = new.target.name
    if (options !== undefined && 'cause' in options) this.cause = options.cause
  }
}

/** The bytes of a result or of the client protocol make no sense, or are of a version that does not fit. The connection that brought them cannot go on. */
export class ProtocolError extends StoreError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('RAFT_PROTOCOL', message, options)
  }
}

/** What every error of a call says: whether the call may have taken effect, or may yet. */
export abstract class RequestError extends StoreError {
  /** False: the call certainly has had no effect and never will, so that it is safe to make it again. */
  readonly outcomeUnknown: boolean
  constructor(code: string, message: string, outcomeUnknown: boolean, options?: { cause?: unknown }) {
    super(code, message, options)
    this.outcomeUnknown = outcomeUnknown
  }
}

/** Why a command cannot be carried out. The codes are stable, and part of the result that all members agree on. */
export type CommandErrorCode =
  /** The bytes are no command: cut short, too long, or with a number that has no meaning. */
  | 'RAFT_COMMAND_MALFORMED'
  /** The command is of a version that is not known here. */
  | 'RAFT_COMMAND_VERSION'
  /** The key has no bytes, or more than 65,535. */
  | 'RAFT_KEY_LENGTH'
  /** The transaction has more operations, or reads more bytes, than one may. */
  | 'RAFT_TRANSACTION_TOO_LARGE'

/** A command that cannot be encoded, decoded or carried out. `KeyValueStore.apply` answers it with a `CommandFailure`. */
export class CommandError extends RequestError {
  declare readonly code: CommandErrorCode
  constructor(code: CommandErrorCode, message: string) {
    super(code, message, false)
  }
}

/** @internal */
export function malformed(message: string): CommandError {
  return new CommandError('RAFT_COMMAND_MALFORMED', message)
}
