import type { RequestVoteReply } from '../message.js'
import { countVotes } from '../quorum.js'
import type { State } from '../state.js'
import type { MemberId } from '../types.js'
import { Role } from './role.js'

/** Asks for votes in a new term (paper §5.2). */
export class Candidate extends Role {
  readonly name = 'candidate'
  /** By voter, so that nobody counts twice; the first answer stands. */
  readonly #votes = new Map<MemberId, boolean>()
  readonly deadline: number

  constructor(state: State, deadline: number) {
    super(state)
    this.deadline = deadline
  }

  fork(state: State): Candidate {
    const copy = new Candidate(state, this.deadline)
    for (const [id, vote] of this.#votes) copy.#votes.set(id, vote)
    return copy
  }

  fingerprint(): string {
    return `${this.deadline - this.state.now},${[...this.#votes].sort().join()}`
  }

  get electionDeadline(): number {
    return this.deadline
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

  tick(): void {
    if (this.state.now >= this.deadline) this.state.becomePreCandidate()
  }

  /** The vote for itself counts like any other: when it is durable. */
  override written(): void {
    if (this.state.durability.hardStateIsDurable) this.#count(this.state.id, true)
  }

  override requestVoteReply(from: MemberId, message: RequestVoteReply): void {
    this.#count(from, message.voteGranted)
  }

  #count(from: MemberId, granted: boolean): void {
    if (this.#votes.has(from)) return
    const { state } = this
    this.#votes.set(from, granted)
    const result = countVotes(state.membership, this.#votes)
    if (result === 'won') state.becomeLeader()
    if (result === 'lost') state.becomeFollower(state.currentTerm, null)
  }
}
