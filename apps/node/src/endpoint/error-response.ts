import type { ErrorResponse } from '@raft/client/protocol'
import { NotLeaderError, OutcomeUnknownError, type RaftError } from '@raft/core'

/** An error as the client protocol has it; where another member leads, with its id and client address. */
export function toErrorResponse(error: RaftError): ErrorResponse {
  return {
    outcome: error instanceof OutcomeUnknownError ? 'unknown' : 'notAppended',
    code: error.code,
    message: error.message,
    leader: error instanceof NotLeaderError ? leaderOf(error) : null,
  }
}

function leaderOf({ leader }: NotLeaderError): ErrorResponse['leader'] {
  if (leader === null) return null
  const { client = null } = leader.addresses
  return { id: leader.id, address: client }
}
