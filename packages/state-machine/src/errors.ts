import { RaftError } from '@raft/core'

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
export class CommandError extends RaftError {
  declare readonly code: CommandErrorCode
  constructor(code: CommandErrorCode, message: string) {
    super(code, message)
  }
}
