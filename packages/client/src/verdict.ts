import { CommandTooLargeError, NoLeaderError, OutcomeUnknownError, OverloadedError, RefusedError, type StoreError } from '@raft/commands'
import type { Call } from './call.js'
import { ErrorCode, type ErrorResponse } from './protocol/response.js'
import type { RetryReason } from './statistics.js'

/** What to do about an error that a member answered with. */
export type Verdict =
  | { readonly refusal: StoreError }
  | { readonly refusal: null; readonly retry: RetryReason; readonly reason: StoreError; readonly leaderLost: boolean }

const RETRIES: Readonly<Record<string, RetryReason>> = {
  [ErrorCode.NotLeader]: 'notLeader',
  [ErrorCode.NoLeader]: 'noLeader',
  [ErrorCode.Stopping]: 'stopping',
  [ErrorCode.Overloaded]: 'overloaded',
  [ErrorCode.DeadlineExceeded]: 'deadline',
}

/** After these answers another member is to be asked. */
const LEADER_LOST: readonly RetryReason[] = ['notLeader', 'noLeader', 'stopping']

/**
 * The whole policy: an outcome that is unknown is retried for reads and for writes that the caller calls idempotent; an answer
 * that the request was certainly not appended is retried when trying again can help; all else is the caller's to know.
 */
export function judge(response: ErrorResponse, call: Call): Verdict {
  const reason = asError(response)
  const known = Object.hasOwn(RETRIES, response.code) ? (RETRIES[response.code] as RetryReason) : null
  if (response.outcome === 'unknown') {
    if (call.isWrite && !call.idempotent) return { refusal: new OutcomeUnknownError(response.message, { cause: reason }) }
    return { refusal: null, retry: known ?? 'unknown', reason, leaderLost: true }
  }
  if (known !== null) return { refusal: null, retry: known, reason, leaderLost: LEADER_LOST.includes(known) }
  if (call.tainted)
    return { refusal: new OutcomeUnknownError(`an earlier attempt was not answered; now: ${response.message}`, { cause: reason }) }
  return { refusal: reason }
}

function asError(response: ErrorResponse): StoreError {
  if (response.code === ErrorCode.Overloaded) return new OverloadedError(response.message)
  if (response.code === ErrorCode.NotLeader || response.code === ErrorCode.NoLeader) return new NoLeaderError(response.message)
  if (response.code === ErrorCode.TooLarge) return new CommandTooLargeError(response.message)
  return new RefusedError(response.code, response.message)
}
