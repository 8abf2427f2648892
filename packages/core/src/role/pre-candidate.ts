import type { Message, PreVote } from '../message.js'
import type { RoleContext } from '../role-context.js'
import type { MemberId } from '../types.js'
import { Campaign } from './campaign.js'

/**
 * Asks whether it would win before it raises its term, so that a member that cannot win disturbs nobody (thesis §9.6). Its
 * term and vote stay as they are.
 */
export class PreCandidate extends Campaign {
  readonly name = 'preCandidate'
  /** Until then it comes first, unless a rival precedes it. A member whose requests get lost must not hold up the others. */
  readonly #firstUntil: number
  /** When to ask again, where the members take turns: some may not have known yet that the leader is lost. */
  #askAgainAt = Number.POSITIVE_INFINITY

  constructor(state: RoleContext, electionDeadline: number, firstUntil: number) {
    super(state, electionDeadline)
    this.#firstUntil = firstUntil
  }

  fork(state: RoleContext): PreCandidate {
    const copy = new PreCandidate(state, this.electionDeadline, this.#firstUntil).withVotesOf(this)
    copy.#askAgainAt = this.#askAgainAt
    return copy
  }

  override fingerprint(nameOf: (id: MemberId) => string): string {
    const { now, early } = this.state
    const order = early.window === 0 ? '' : `${Math.max(0, this.#firstUntil - now)},${this.#askAgainAt - now}`
    return `${super.fingerprint(nameOf)};${order}`
  }

  override get deadline(): number {
    return Math.min(this.electionDeadline, this.#askAgainAt)
  }

  override tick(): void {
    const { now } = this.state
    if (now < this.electionDeadline && now >= this.#askAgainAt) {
      this.forgetRefusals()
      this.start()
    } else super.tick()
  }

  override givesWayTo(rival: MemberId, message: PreVote): boolean {
    return this.state.now >= this.#firstUntil || this.state.precedes(rival, message)
  }

  override promised(): void {
    this.#standLater()
  }

  start(): void {
    const { state } = this
    this.#askAgainAt = state.drawNextTurn() ?? Number.POSITIVE_INFINITY
    const { lastIndex, lastTerm } = state.log
    const after = state.durability.entryWrite(state.log, lastIndex)
    state.sendToVoters(
      { type: 'preVote', group: state.group, term: state.currentTerm + 1, lastLogIndex: lastIndex, lastLogTerm: lastTerm },
      after,
    )
    this.count(state.id, true)
  }

  receive(from: MemberId, message: Message): void {
    if (message.type === 'preVoteReply') this.count(from, message.voteGranted)
  }

  protected won(): void {
    this.state.becomeCandidate()
  }

  protected override lost(): void {
    this.#standLater()
  }

  #standLater(): void {
    const { state } = this
    state.becomeFollower(state.currentTerm, null, state.drawNextTurn() ?? Math.max(this.electionDeadline, state.now + state.early.window))
  }
}
