import type { Message } from '../message.js'
import type { RoleContext } from '../role-context.js'
import type { MemberId } from '../types.js'
import { Campaign } from './campaign.js'

/** Asks for votes in a new term (paper §5.2). */
export class Candidate extends Campaign {
  readonly name = 'candidate'

  fork(state: RoleContext): Candidate {
    return new Candidate(state, this.electionDeadline).withVotesOf(this)
  }

  /** The request leaves once the vote for itself is durable, and with it every entry that it claims to have. */
  start(): void {
    const { state } = this
    const { lastIndex, lastTerm } = state.log
    const after = Math.max(state.durability.hardStateWrite, state.durability.entryWrite(state.log, lastIndex))
    state.sendToVoters(
      { type: 'requestVote', group: state.group, term: state.currentTerm, lastLogIndex: lastIndex, lastLogTerm: lastTerm },
      after,
    )
  }

  /** The vote for itself counts like any other: when it is durable. */
  override written(): void {
    if (this.state.durability.hardStateIsDurable) this.count(this.state.id, true)
  }

  receive(from: MemberId, message: Message): void {
    if (message.type === 'requestVoteReply') this.count(from, message.voteGranted)
  }

  protected won(): void {
    this.state.becomeLeader()
  }
}
