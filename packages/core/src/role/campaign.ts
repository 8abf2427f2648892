import { countVotes } from '../quorum.js'
import type { State } from '../state.js'
import type { MemberId } from '../types.js'
import { Role } from './role.js'

/** What asking for votes and asking whether to ask have in common: votes are counted until won, lost or too late. */
export abstract class Campaign extends Role {
  /** By voter, so that nobody counts twice; the first answer stands. */
  readonly #votes = new Map<MemberId, boolean>()
  readonly deadline: number

  constructor(state: State, deadline: number) {
    super(state)
    this.deadline = deadline
  }

  get electionDeadline(): number {
    return this.deadline
  }

  fingerprint(nameOf: (id: MemberId) => string): string {
    const votes = [...this.#votes].map(([id, granted]) => `${nameOf(id)}=${granted}`)
    return `${this.deadline - this.state.now},${votes.sort().join()}`
  }

  tick(): void {
    if (this.state.now >= this.deadline) this.state.becomePreCandidate()
  }

  /** What follows when a majority says yes. */
  protected abstract won(): void

  protected count(from: MemberId, granted: boolean): void {
    if (this.#votes.has(from)) return
    const { state } = this
    this.#votes.set(from, granted)
    const result = countVotes(state.membership, this.#votes)
    if (result === 'won') this.won()
    if (result === 'lost') state.becomeFollower(state.currentTerm, null)
  }

  /** To be called by `fork`. */
  protected withVotesOf(other: Campaign): this {
    for (const [id, vote] of other.#votes) this.#votes.set(id, vote)
    return this
  }
}
