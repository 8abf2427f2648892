import { EarlyElection } from './early-election.js'
import { type ConfirmedRead, type Fetch, PendingEffects } from './effects.js'
import { assert } from './errors.js'
import { LeaderContact } from './leader-contact.js'
import { Durability } from './log/durability.js'
import { Log } from './log/log.js'
import { isVoter, type Membership, peersOf } from './membership.js'
import type { Message, PreVote } from './message.js'
import type { Random } from './ports/clock.js'
import type { StoredLog } from './ports/log-storage.js'
import type { StateOptions } from './state-options.js'
import type { Tuning } from './tuning.js'
import type { GroupId, HardState, MemberId } from './types.js'

/**
 * A member as its Role sees it: Log, hard state, membership, what is committed, and what a role may do with them. Only State extends
 * it, and only State changes roles. What is marked internal is for the roles and for the rules that are the same in all of them.
 */
export abstract class RoleContext {
  readonly id: MemberId
  readonly group: GroupId
  readonly tuning: Tuning
  /** Who takes part. Nobody else keeps it: a Node asks here, and its transport is told by an effect. */
  readonly membership: Membership
  readonly log: Log
  readonly durability: Durability
  readonly random: Random
  /** @internal */
  readonly early: EarlyElection
  readonly #contact: LeaderContact
  #now: number
  #hardState: HardState
  #commitIndex: number
  #knownCommitIndex: number
  #pending: PendingEffects

  /** @internal */
  constructor(options: StateOptions, stored: StoredLog, lastApplied: number, now: number, copied?: RoleContext) {
    const { id, group, tuning, membership, random } = options
    this.id = id
    this.group = group
    this.tuning = tuning
    this.membership = membership
    this.random = random
    this.#now = now
    this.#hardState = stored.hardState
    this.log = copied === undefined ? new Log(stored, tuning.maxWindowBytes) : copied.log.fork()
    this.durability = copied === undefined ? new Durability(stored.lastIndex, tuning.maxWriteBytes) : copied.durability.fork()
    this.early = copied === undefined ? earlyElectionOf(options) : copied.early.fork()
    this.#contact = copied === undefined ? new LeaderContact(tuning.electionTimeout) : copied.#contact.fork()
    this.#commitIndex = copied === undefined ? Math.max(stored.baseIndex, lastApplied) : copied.#commitIndex
    this.#knownCommitIndex = copied === undefined ? this.#commitIndex : copied.#knownCommitIndex
    this.#pending = copied === undefined ? new PendingEffects() : copied.#pending.fork()
    if (copied === undefined) this.#pending.members = [...membership.members.values()]
  }

  get now(): number {
    return this.#now
  }

  get currentTerm(): number {
    return this.#hardState.currentTerm
  }

  get votedFor(): MemberId | null {
    return this.#hardState.votedFor
  }

  get leaderId(): MemberId | null {
    return this.#contact.leaderId
  }

  get commitIndex(): number {
    return this.#commitIndex
  }

  /** The last index of which this member has heard that it is committed. The entries between `commitIndex` and it are yet to come here. */
  get knownCommitIndex(): number {
    return Math.max(this.#knownCommitIndex, this.#commitIndex)
  }

  /** @internal The effects of this turn so far; State takes them out. */
  protected get pending(): PendingEffects {
    return this.#pending
  }

  /** @internal */
  protected takePending(): PendingEffects {
    const pending = this.#pending
    this.#pending = new PendingEffects()
    return pending
  }

  /** @internal */
  protected get hardState(): HardState {
    return this.#hardState
  }

  /** @internal Time never goes back. */
  protected advanceTo(now: number): void {
    this.#now = Math.max(this.#now, now)
  }

  /** @internal */
  protected setHardState(hardState: HardState): void {
    assert(hardState.currentTerm >= this.currentTerm, () => `term ${hardState.currentTerm} after ${this.currentTerm}`)
    this.#hardState = hardState
    this.durability.hardStateChanged()
  }

  /** @internal */
  protected setLeader(leaderId: MemberId | null): void {
    this.#contact.follow(leaderId)
  }

  /** @internal */
  protected contactFingerprint(nameOf: (id: MemberId) => string): string {
    return this.#contact.fingerprint(this.#now, nameOf)
  }

  // Changes of role: State makes them.

  /**
   * @internal
   * @param standsAt when the member asks to be elected; by default when it would have done so before, for a newer term alone does not
   *   move that moment
   */
  abstract becomeFollower(term: number, leaderId: MemberId | null, standsAt?: number | null): void

  /** @internal */
  abstract becomePreCandidate(): void

  /** @internal */
  abstract becomeCandidate(): void

  /** @internal */
  abstract becomeLeader(): void

  /**
   * @internal
   * The leader leads no more, as far as this member can tell. Returns when to ask to be elected: soon, and when it is this member's
   * turn. Asking too early costs a round of small messages, for a member that hears a leader refuses its pre-vote (`answerPreVote`).
   */
  abstract loseLeader(): number

  // Elections.

  /** @internal In ms, from electionTimeout up to twice that, drawn anew every time, so that votes are rarely split (paper §5.2). */
  drawElectionTimeout(): number {
    return this.tuning.electionTimeout * (1 + this.random())
  }

  /**
   * @internal
   * When a member that was not elected, or has promised its pre-vote to another, asks again; null where an election timeout decides.
   */
  drawNextTurn(): number | null {
    return this.early.isUnderWay(this.#now) ? this.#now + this.early.window + this.early.turn(this.currentTerm + 1, null) : null
  }

  /** @internal Whether a member that asks for pre-votes comes before this one, which asks too: by its log, or else by its turn. */
  precedes(rival: MemberId, { lastLogIndex, lastLogTerm, term }: PreVote): boolean {
    const { lastIndex, lastTerm } = this.log
    if (lastLogTerm !== lastTerm || lastLogIndex !== lastIndex) return this.log.isUpToDate(lastLogIndex, lastLogTerm)
    return this.early.precedes(rival, this.id, term)
  }

  /** @internal */
  get mayCampaign(): boolean {
    return isVoter(this.membership, this.id)
  }

  /** @internal Whether this member leads, or has heard its leader within the shortest election timeout. */
  get hearsLeader(): boolean {
    return this.#contact.hearsLeader(this.#now, this.id)
  }

  /** @internal Gives this term's vote. It counts once it is durable. */
  voteFor(id: MemberId): void {
    if (this.votedFor === null) this.setHardState({ currentTerm: this.currentTerm, votedFor: id })
  }

  /** @internal For how long the leader has been silent, in ms. */
  get silence(): number {
    return this.#contact.silence(this.#now)
  }

  /** @internal */
  heardLeader(): void {
    this.#contact.heard(this.#now)
  }

  // Entries.

  /** @internal The leader says that entries up to `index` are committed, whether or not they are here. */
  heardCommit(index: number): void {
    if (index > this.#knownCommitIndex) this.#knownCommitIndex = index
  }

  /** @internal */
  commitTo(index: number): void {
    if (index <= this.#commitIndex) return
    assert(index <= this.log.lastIndex, () => `commit of ${index} in a log that ends at ${this.log.lastIndex}`)
    this.#commitIndex = index
  }

  /** @internal Forgets the entries from `index` on, which conflict with the leader's. */
  truncateFrom(index: number): void {
    assert(index > this.#commitIndex, () => `the leader's log differs at ${index}, but ${this.#commitIndex} is committed`)
    this.log.truncateFrom(index)
    this.durability.truncatedFrom(index)
  }

  // Effects.

  /**
   * @internal
   * @param after the write that the message waits for; 0 for none
   */
  send(to: MemberId, message: Message, after: number): void {
    this.#pending.messages.push({ to, message, after })
  }

  /** @internal */
  sendToVoters(message: Message, after: number): void {
    for (const id of peersOf(this.membership, this.id)) if (isVoter(this.membership, id)) this.send(id, message, after)
  }

  /** @internal */
  fetchEntries(fetch: Fetch): void {
    this.#pending.fetches.push(fetch)
  }

  /** @internal */
  readsConfirmed(read: ConfirmedRead): void {
    this.#pending.confirmedReads.push(read)
  }
}

function earlyElectionOf({ id, group, membership, random, tuning, preVoteWindow = tuning.heartbeatInterval }: StateOptions): EarlyElection {
  return new EarlyElection({ id, group, membership, random, window: preVoteWindow, duration: tuning.electionTimeout })
}
