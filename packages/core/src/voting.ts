import type { PreVote, RequestVote } from './message.js'
import type { Role } from './role/role.js'
import type { RoleContext } from './role-context.js'
import type { MemberId } from './types.js'

/**
 * Would this member vote so (thesis §9.6)? Changes no term and no vote here. A member that hears a leader says no.
 *
 * A leader never asks. So the very leader that this member follows, when it asks for a later term, has ceased to lead, most likely
 * because its process was restarted; and it never leads that term again, so an old or repeated request says the same.
 */
export function answerPreVote(state: RoleContext, role: Role, from: MemberId, message: PreVote): void {
  const { group, currentTerm, early, now } = state
  if (message.term > currentTerm && from === state.leaderId) role.leaderLost()
  const mayWin = message.term > currentTerm && !state.hearsLeader && state.log.isUpToDate(message.lastLogIndex, message.lastLogTerm)
  const voteGranted = mayWin && early.mayPromise(from, now) && role.givesWayTo(from, message)
  if (voteGranted && early.promise(from, now)) role.promised()
  // A refusal names this member's own term, so that a member that is behind learns it (etcd #8243).
  const term = voteGranted ? message.term : currentTerm
  state.send(from, { type: 'preVoteReply', group, term, voteGranted }, voteGranted ? 0 : state.durability.hardStateWrite)
}

/** One vote a term, for a log that is at least as up to date (paper §5.2, §5.4.1). The answer waits for the vote to be durable. */
export function answerRequestVote(state: RoleContext, role: Role, from: MemberId, message: RequestVote): void {
  const { group, currentTerm: term } = state
  const mayVote = state.votedFor === from || (state.votedFor === null && state.leaderId === null)
  const voteGranted = mayVote && state.log.isUpToDate(message.lastLogIndex, message.lastLogTerm)
  if (voteGranted) {
    state.voteFor(from)
    role.voteGranted()
  }
  state.send(from, { type: 'requestVoteReply', group, term, voteGranted }, state.durability.hardStateWrite)
}
