import type { PreVoteReply } from '../message.js'
import type { State } from '../state.js'
import type { MemberId } from '../types.js'
import { Campaign } from './campaign.js'

/**
 * Asks whether it would win before it raises its term, so that a member that cannot win disturbs nobody (thesis §9.6). Its
 * term and vote stay as they are.
 */
export class PreCandidate extends Campaign {
  readonly name = 'preCandidate'

  fork(state: State): PreCandidate {
    return new PreCandidate(state, this.deadline).withVotesOf(this)
  }

  start(): void {
    const { state } = this
    const { lastIndex, lastTerm } = state.log
    const after = state.durability.entryWrite(state.log, lastIndex)
    state.sendToVoters(
      { type: 'preVote', group: state.group, term: state.currentTerm + 1, lastLogIndex: lastIndex, lastLogTerm: lastTerm },
      after,
    )
    this.count(state.id, true)
  }

  override preVoteReply(from: MemberId, message: PreVoteReply): void {
    this.count(from, message.voteGranted)
  }

  protected won(): void {
    this.state.becomeCandidate()
  }
}
