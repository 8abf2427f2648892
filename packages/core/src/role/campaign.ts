import { countVotes } from '../quorum.js'
import type { RoleContext } from '../role-context.js'
import type { MemberId } from '../types.js'
import { Role } from './role.js'

/** Asking for votes, and asking whether to ask: both count votes until they have won or lost, or it is too late. */
export abstract class Campaign extends Role {
  /** By voter, so that nobody counts twice; the first answer stands. */
  readonly #votes = new Map<MemberId, boolean>()
  readonly electionDeadline: number

  constructor(state: RoleContext, electionDeadline: number) {
    super(state)
    this.electionDeadline = electionDeadline
  }

  get deadline(): number {
    return this.electionDeadline
  }

  fingerprint(nameOf: (id: MemberId) => string): string {
    const votes = [...this.#votes].map(([id, granted]) => `${nameOf(id)}=${granted}`)
    return `${this.electionDeadline - this.state.now},${votes.sort().join()}`
  }

  tick(): void {
    if (this.state.now >= this.electionDeadline) this.state.becomePreCandidate()
  }

  /** What follows when a majority says yes. */
  protected abstract won(): void

  /** What follows when no majority can say yes any more. */
  protected lost(): void {
    this.state.becomeFollower(this.state.currentTerm, null)
  }

  protected count(from: MemberId, granted: boolean): void {
    if (this.#votes.has(from)) return
    const { state } = this
    this.#votes.set(from, granted)
    const result = countVotes(state.membership, this.#votes)
    if (result === 'won') this.won()
    if (result === 'lost') this.lost()
  }

  /** Those that refused are asked once more: only who has promised needs no other answer. */
  protected forgetRefusals(): void {
    for (const [id, granted] of this.#votes) if (!granted) this.#votes.delete(id)
  }

  /** To be called by `fork`. */
  protected withVotesOf(other: Campaign): this {
    for (const [id, vote] of other.#votes) this.#votes.set(id, vote)
    return this
  }
}
