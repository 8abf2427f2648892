import type { Message } from './message.js'
import type { RoleContext } from './role-context.js'
import type { MemberId } from './types.js'

/**
 * How a message stands to this member's term.
 *
 * - `stale`: of an older term; its sender is told the newer one.
 * - `newer`: this member follows in that term first, and then takes the message.
 * - `current`: for the role. So are pre-votes and what is promised in answer to them: they speak of a term that nobody has
 *   entered, and change nobody's.
 */
export type Standing = 'ignored' | 'stale' | 'newer' | 'current'

/** The terms are compared with every message (paper §5.1). */
export function standingOf(state: RoleContext, message: Message): Standing {
  const { currentTerm } = state
  if (message.type === 'preVote') return 'current'
  if (message.type === 'preVoteReply' && message.voteGranted) return message.term === currentTerm + 1 ? 'current' : 'ignored'
  if (message.term < currentTerm) return 'stale'
  if (message.term === currentTerm) return 'current'
  // A working leader is not disturbed (thesis §4.2.3).
  return message.type === 'requestVote' && state.hearsLeader ? 'ignored' : 'newer'
}

/** The sender of a message of an older term is told the newer one, so that a member that came back ahead is not stranded. */
export function answerStale(state: RoleContext, from: MemberId, message: Message): void {
  const { group, currentTerm: term } = state
  const after = state.durability.hardStateWrite
  switch (message.type) {
    case 'requestVote':
      state.send(from, { type: 'requestVoteReply', group, term, voteGranted: false }, after)
      break
    case 'heartbeat':
    case 'appendEntries':
      state.send(from, { type: 'heartbeatReply', group, term, round: 0 }, after)
      break
  }
}
