import type { PreVoteReply } from '../message.js'
import { countVotes } from '../quorum.js'
import type { State } from '../state.js'
import type { MemberId } from '../types.js'
import { Role } from './role.js'

/**
 * Asks whether it would win before it raises its term, so that a member that cannot win disturbs nobody (thesis §9.6). Its
 * term and vote stay as they are.
 */
export class PreCandidate extends Role {
  readonly name = 'preCandidate'
  readonly #votes = new Map<MemberId, boolean>()
  readonly deadline: number

  constructor(state: State, deadline: number) {
    super(state)
    this.deadline = deadline
  }

  fork(state: State): PreCandidate {
    const copy = new PreCandidate(state, this.deadline)
    for (const [id, vote] of this.#votes) copy.#votes.set(id, vote)
    return copy
  }

  fingerprint(): string {
    return `${this.deadline - this.state.now},${[...this.#votes].sort().join()}`
  }

  get electionDeadline(): number {
    return this.deadline
  }

  start(): void {
    const { state } = this
    const { lastIndex, lastTerm } = state.log
    const after = state.durability.entryWrite(state.log, lastIndex)
    state.sendToVoters(
      { type: 'preVote', group: state.group, term: state.currentTerm + 1, lastLogIndex: lastIndex, lastLogTerm: lastTerm },
      after,
    )
    this.#count(state.id, true)
  }

  tick(): void {
    if (this.state.now >= this.deadline) this.state.becomePreCandidate()
  }

  override preVoteReply(from: MemberId, message: PreVoteReply): void {
    this.#count(from, message.voteGranted)
  }

  #count(from: MemberId, granted: boolean): void {
    const { state } = this
    this.#votes.set(from, granted)
    const result = countVotes(state.membership, this.#votes)
    if (result === 'won') state.becomeCandidate()
    if (result === 'lost') state.becomeFollower(state.currentTerm, null)
  }
}
