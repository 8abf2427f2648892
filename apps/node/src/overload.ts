import type { CommandResult } from '@raft/commands'
import { OutcomeUnknownError, OverloadedError, type RaftError } from '@raft/core'
import type { Account } from './account.js'

/** Nothing more can be held for clients. */
export function overloaded({ bytes }: Account): OverloadedError {
  return new OverloadedError(`${bytes} bytes held for clients`)
}

/**
 * What became of a command that was carried out, and whose result there is no room for. One that only reads may be given again
 * like any request that was refused.
 */
export function noRoomForResult(result: CommandResult, account: Account): RaftError {
  if (result.type === 'transaction' && result.results.every(({ type }) => type === 'get' || type === 'range')) return overloaded(account)
  return new OutcomeUnknownError(`it was carried out, but there is no room for its result: ${account.bytes} bytes are held for clients`)
}
