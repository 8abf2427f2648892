import { Applying } from './applying.js'
import { EarlyElection } from './early-election.js'
import { type ConfirmedRead, type Effects, PendingEffects, type ReadRequest, type Transition } from './effects.js'
import { EntryBatch } from './entry-batch.js'
import { assert } from './errors.js'
import type { Event } from './events.js'
import { Durability } from './log/durability.js'
import { Log } from './log/log.js'
import { isVoter, type Membership, peersOf } from './membership.js'
import type { Message, PreVote } from './message.js'
import type { Tuning } from './options.js'
import type { Random } from './ports/clock.js'
import type { StoredLog } from './ports/log-storage.js'
import { ReadIndex } from './read-index.js'
import { Candidate } from './role/candidate.js'
import { Follower } from './role/follower.js'
import { Leader } from './role/leader.js'
import { PreCandidate } from './role/pre-candidate.js'
import type { Role } from './role/role.js'
import { answerOld, standingOf } from './terms.js'
import type { GroupId, HardState, MemberId, RoleName } from './types.js'
import { answerPreVote, answerRequestVote } from './voting.js'

export interface StateOptions {
  readonly id: MemberId
  readonly group: GroupId
  readonly membership: Membership
  readonly tuning: Tuning
  readonly random: Random
  /**
   * How long a promised pre-vote binds, in ms, and within which members that lost their leader take turns. 0: pre-votes are promised to
   * every member that may be elected, in any order, so that an exploration meets as many candidates as there can be. Default
   * heartbeatInterval.
   */
  readonly preVoteWindow?: number
}

/**
 * The context and core engine of one Raft member: joins Log, hard state, membership and the current Role, and decides every
 * transition. Synchronous and pure: the same events at the same times give the same effects, bit for bit; it does no I/O
 * and reads no clock.
 *
 * After each event, or several, `takeEffects` says what is to be done. Nobody but State changes its role.
 */
export class State {
  readonly id: MemberId
  readonly group: GroupId
  readonly tuning: Tuning
  readonly membership: Membership
  readonly log: Log
  readonly durability: Durability
  readonly random: Random
  readonly #early: EarlyElection
  #now: number
  #hardState: HardState
  #role: Role
  #leaderId: MemberId | null = null
  #leaderHeardAt = Number.NEGATIVE_INFINITY
  #commitIndex: number
  #knownCommitIndex: number
  readonly #applying: Applying
  #pending = new PendingEffects()

  /**
   * @param lastApplied what the state machine already includes: applied, so known to be committed
   * @param now in ms, from the same origin as in every later call
   */
  constructor(options: StateOptions, stored: StoredLog, lastApplied: number, now: number, copied?: State) {
    this.id = options.id
    this.group = options.group
    this.tuning = options.tuning
    this.membership = options.membership
    this.random = options.random
    this.#now = now
    this.#hardState = stored.hardState
    this.log = copied === undefined ? new Log(stored, this.tuning.maxWindowBytes) : copied.log.fork()
    this.durability = copied === undefined ? new Durability(stored.lastIndex, this.tuning.maxWriteBytes) : copied.durability.fork()
    this.#commitIndex = Math.max(stored.baseIndex, lastApplied)
    this.#early = copied === undefined ? this.#newEarlyElection(options.preVoteWindow) : copied.#early.fork()
    this.#knownCommitIndex = this.#commitIndex
    this.#applying = copied === undefined ? new Applying(this.#commitIndex) : copied.#applying.fork()
    assert(lastApplied <= stored.lastIndex, () => `the state machine has applied ${lastApplied}, but the log ends at ${stored.lastIndex}`)
    this.#role = copied === undefined ? new Follower(this, this.#firstDeadline()) : copied.#role.fork(this)
  }

  /** An independent copy that behaves the same from here on, provided that its `random` does. */
  fork(): State {
    const { baseIndex, baseTerm, lastIndex, runs } = this.log
    const stored = { hardState: this.#hardState, baseIndex, baseTerm, lastIndex, runs }
    const copy = new State(this, stored, this.#applying.appliedIndex, this.#now, this)
    copy.#leaderId = this.#leaderId
    copy.#leaderHeardAt = this.#leaderHeardAt
    copy.#commitIndex = this.#commitIndex
    copy.#knownCommitIndex = this.#knownCommitIndex
    copy.#pending = this.#pending.fork()
    return copy
  }

  /**
   * Equal for two states that behave alike from here on; times count relative to now. Members appear by the names that `nameOf`
   * gives them, in no order but that of the names: with exchanged names, equal for two states of which one is the other with
   * exchanged members.
   */
  fingerprint(nameOf: (id: MemberId) => string = (id) => id): string {
    const { log, votedFor } = this
    return [
      this.#role.name,
      this.#role.fingerprint(nameOf),
      this.currentTerm,
      votedFor === null ? '' : nameOf(votedFor),
      this.#leaderId === null ? '' : nameOf(this.#leaderId),
      this.#leaderHeardAt - this.#now,
      this.#commitIndex,
      this.#applying.fingerprint(),
      log.lastIndex,
      log.durableIndex,
      log.windowFirst,
      log.runs.map((run) => `${run.firstIndex}:${run.term}`).join(),
      log.contentHash(),
      this.durability.fingerprint(this.#now),
      this.#early.fingerprint(this.#now, nameOf),
    ].join('|')
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

  get role(): RoleName {
    return this.#role.name
  }

  get leaderId(): MemberId | null {
    return this.#leaderId
  }

  get commitIndex(): number {
    return this.#commitIndex
  }

  /** The last index of which this member has heard that it is committed; what lies behind `commitIndex` is yet to come here. */
  get knownCommitIndex(): number {
    return Math.max(this.#knownCommitIndex, this.#commitIndex)
  }

  get lastApplied(): number {
    return this.#applying.appliedIndex
  }

  /** The index of the no-op of the term that this member leads; null while it does not lead. */
  get termStartIndex(): number | null {
    return this.#role instanceof Leader ? this.#role.termStartIndex : null
  }

  /** What the leader knows of each follower; null while this member does not lead. */
  get progress(): Leader['progress'] | null {
    return this.#role instanceof Leader ? this.#role.progress : null
  }

  /** How many tickets for reads are to be confirmed yet. */
  get readTickets(): number {
    return this.#role instanceof Leader ? this.#role.readTickets : 0
  }

  /** When to give the next `tick`, in ms, should nothing happen before. */
  get nextDeadline(): number {
    return this.#role.deadline
  }

  step(event: Event, now: number): void {
    this.#advanceTo(now)
    switch (event.type) {
      case 'tick':
        this.#role.tick()
        break
      case 'message':
        this.#receive(event.from, event.message)
        break
      case 'unreachable':
        this.#role.unreachable(event.peer)
        break
      case 'written':
        this.durability.complete(this.log, event.number)
        this.#role.written()
        break
      case 'entriesRead':
        this.#entriesRead(event)
        break
      case 'applied':
        this.#applying.applied(event.index)
        break
    }
  }

  /** Appends commands. Returns the index of the first, or null when this member does not lead: then nothing was appended. */
  propose(commands: readonly Uint8Array[], now: number): number | null {
    this.#advanceTo(now)
    return this.#role instanceof Leader ? this.#role.propose(commands) : null
  }

  /**
   * Asks for an index up to which a read must see what is applied, so that it is linearizable. Returns the ticket under
   * which it will be confirmed, or null when this member does not lead. A change of role fails every ticket.
   */
  read(now: number): number | null {
    this.#advanceTo(now)
    return this.#role instanceof Leader ? this.#role.read() : null
  }

  /** The changes of role, term and leader since the last call; `takeEffects` leaves them out then. */
  takeTransitions(): readonly Transition[] {
    const { transitions } = this.#pending
    this.#pending.transitions = []
    return transitions
  }

  /** What is to be done because of all events since the last call. */
  takeEffects(): Effects {
    this.#role.flush()
    const apply = this.#applying.next(this.log, Math.min(this.#commitIndex, this.log.durableIndex), this.tuning.maxApplyBytes)
    if (apply.request !== null) this.requestEntries({ ...apply.request, reader: this.id })
    const write = this.durability.nextWrite(this.log, this.#hardState, this.#now)
    this.log.release(Math.min(this.lastApplied + 1, this.#role.neededFrom))
    const effects = this.#pending.complete(write, apply.entries)
    this.#pending = new PendingEffects()
    return effects
  }

  // What follows is for the roles.

  /** In ms, from electionTimeout up to twice that, drawn anew every time, so that votes are rarely split (paper §5.2). */
  drawElectionTimeout(): number {
    return this.tuning.electionTimeout * (1 + this.random())
  }

  /**
   * The leader leads no more, as far as this member can tell. Returns when to ask to be elected: soon, and when it is this member's
   * turn. Asking too early costs a round of small messages, for a member that hears a leader refuses its pre-vote (`answerPreVote`).
   */
  loseLeader(): number {
    const lost = this.#leaderId
    this.#setLeader(null)
    this.#early.begin(this.#now)
    return this.#now + this.#early.turn(this.currentTerm + 1, lost)
  }

  /** When a member that was not elected, or has promised its pre-vote to another, asks again; null where an election timeout decides. */
  drawNextTurn(): number | null {
    return this.#early.isUnderWay(this.#now) ? this.#now + this.#early.window + this.#early.turn(this.currentTerm + 1, null) : null
  }

  /** How long a promised pre-vote binds, in ms. */
  get preVoteWindow(): number {
    return this.#early.window
  }

  /** Whether a member that asks for pre-votes comes before this one, which asks for them too: by its log, or else by its turn. */
  precedes(rival: MemberId, { lastLogIndex, lastLogTerm, term }: PreVote): boolean {
    const { lastIndex, lastTerm } = this.log
    if (lastLogTerm !== lastTerm || lastLogIndex !== lastIndex) return this.log.isUpToDate(lastLogIndex, lastLogTerm)
    return this.#early.precedes(rival, this.id, term)
  }

  /** Whether nobody else has this member's promise now, and it does not come first itself. */
  mayPromise(to: MemberId, message: PreVote): boolean {
    return this.#early.mayPromise(to, this.#now) && this.#role.givesWayTo(to, message)
  }

  /** It has promised its pre-vote, which binds for a moment. */
  promise(to: MemberId): void {
    if (this.#early.promise(to, this.#now)) this.#role.promised()
  }

  /** A member that led this term says that it leads no more. */
  leaderResigned(): void {
    if (this.#role instanceof Follower) this.#role.leaderLost()
  }

  get mayCampaign(): boolean {
    return isVoter(this.membership, this.id)
  }

  /**
   * @param standsAt when it asks to be elected. By default when it would have done so before: a newer term alone moves that moment
   *   nowhere.
   */
  becomeFollower(term: number, leaderId: MemberId | null, standsAt: number | null = this.#role.electionDeadline): void {
    if (term > this.currentTerm) this.#setHardState({ currentTerm: term, votedFor: null })
    this.#become(new Follower(this, standsAt ?? this.#now + this.drawElectionTimeout()), leaderId)
  }

  becomePreCandidate(): void {
    const role = new PreCandidate(this, this.#now + this.drawElectionTimeout(), this.#now + this.preVoteWindow)
    this.#become(role, null)
    role.start()
  }

  becomeCandidate(): void {
    this.#setHardState({ currentTerm: this.currentTerm + 1, votedFor: this.id })
    const role = new Candidate(this, this.#now + this.drawElectionTimeout())
    this.#become(role, null)
    role.start()
  }

  becomeLeader(): void {
    assert(this.votedFor === this.id, () => `leader of term ${this.currentTerm} with a vote for ${this.votedFor}`)
    const role = new Leader(this, this.log.lastIndex + 1, new ReadIndex())
    this.#become(role, this.id)
    role.start()
  }

  /** Whether this member leads, or has heard its leader within the shortest election timeout. */
  get hearsLeader(): boolean {
    if (this.#leaderId === null) return false
    return this.#leaderId === this.id || this.#now - this.#leaderHeardAt < this.tuning.electionTimeout
  }

  /** Gives this term's vote. It counts once it is durable. */
  voteFor(id: MemberId): void {
    if (this.votedFor === null) this.#setHardState({ currentTerm: this.currentTerm, votedFor: id })
    if (this.#role instanceof Follower) this.#role.voteGranted()
  }

  /** For how long the leader has been silent, in ms. */
  get silence(): number {
    return this.#now - this.#leaderHeardAt
  }

  heardLeader(): void {
    this.#leaderHeardAt = this.#now
  }

  /** The leader says that entries up to `index` are committed, whether or not they are here. */
  heardCommit(index: number): void {
    if (index > this.#knownCommitIndex) this.#knownCommitIndex = index
  }

  commitTo(index: number): void {
    if (index <= this.#commitIndex) return
    assert(index <= this.log.lastIndex, () => `commit of ${index} in a log that ends at ${this.log.lastIndex}`)
    this.#commitIndex = index
  }

  /** Forgets the entries from `index` on, which conflict with the leader's. */
  truncateFrom(index: number): void {
    assert(index > this.#commitIndex, () => `the leader's log differs at ${index}, but ${this.#commitIndex} is committed`)
    this.log.truncateFrom(index)
    this.durability.truncatedFrom(index)
  }

  /** @param after the write that the message waits for; 0 for none */
  send(to: MemberId, message: Message, after: number): void {
    this.#pending.messages.push({ to, message, after })
  }

  sendToVoters(message: Message, after: number): void {
    for (const id of peersOf(this.membership, this.id)) if (isVoter(this.membership, id)) this.send(id, message, after)
  }

  requestEntries(request: ReadRequest): void {
    this.#pending.entryReads.push(request)
  }

  readsConfirmed(read: ConfirmedRead): void {
    this.#pending.confirmedReads.push(read)
  }

  #newEarlyElection(window = this.tuning.heartbeatInterval): EarlyElection {
    const { id, group, membership, random } = this
    return new EarlyElection({ id, group, membership, random, window, duration: this.tuning.electionTimeout })
  }

  /** After a start, a member listens for a heartbeat interval first, in which a leader that is there would be heard. */
  #firstDeadline(): number {
    const startsAt = this.#now + this.tuning.heartbeatInterval
    this.#early.begin(startsAt)
    return startsAt + this.#early.turn(this.currentTerm + 1, null)
  }

  #advanceTo(now: number): void {
    this.#now = Math.max(this.#now, now)
  }

  #receive(from: MemberId, message: Message): void {
    if (from === this.id || message.group !== this.group || !this.membership.members.has(from)) return
    switch (standingOf(this, message)) {
      case 'ignored':
        return
      case 'old':
        answerOld(this, from, message)
        return
      case 'newer':
        this.#followNewer(message.term)
    }
    this.#receiveCurrent(from, message)
  }

  /** A member that asked for pre-votes, and learns that its term was too old, asks again when it is its turn in the newer one. */
  #followNewer(term: number): void {
    const wasAsking = this.#role.name === 'preCandidate'
    this.#setHardState({ currentTerm: term, votedFor: null })
    const standsAt = wasAsking ? this.drawNextTurn() : null
    this.becomeFollower(term, null, standsAt ?? this.#role.electionDeadline)
  }

  #receiveCurrent(from: MemberId, message: Message): void {
    switch (message.type) {
      case 'preVote':
        answerPreVote(this, from, message)
        break
      case 'requestVote':
        answerRequestVote(this, from, message)
        break
      case 'appendEntries':
        this.#follow(from)
        this.#role.appendEntries(from, message)
        break
      case 'heartbeat':
        this.#follow(from)
        this.#role.heartbeat(from, message)
        break
      case 'appendEntriesReply':
        this.#role.appendEntriesReply(from, message)
        break
      case 'heartbeatReply':
        this.#role.heartbeatReply(from, message)
        break
      case 'preVoteReply':
        this.#role.preVoteReply(from, message)
        break
      case 'requestVoteReply':
        this.#role.requestVoteReply(from, message)
        break
    }
  }

  #follow(leaderId: MemberId): void {
    assert(this.#role.name !== 'leader', () => `${leaderId} and ${this.id} both lead term ${this.currentTerm}`)
    if (this.#role.name !== 'follower') this.becomeFollower(this.currentTerm, leaderId)
    assert(
      this.#leaderId === null || this.#leaderId === leaderId,
      () => `${leaderId} and ${this.#leaderId} both lead term ${this.currentTerm}`,
    )
    this.#setLeader(leaderId)
  }

  #entriesRead(event: Extract<Event, { type: 'entriesRead' }>): void {
    const { reader, entries } = event
    // The range may have been replaced while it was read.
    const current = entries.count > 0 && this.log.firstDifference(entries) === null
    if (reader === this.id) this.#applying.loaded(current ? entries : null)
    else this.#role.entriesRead(reader, current ? entries : EntryBatch.empty(1))
  }

  #setHardState(hardState: HardState): void {
    assert(hardState.currentTerm >= this.currentTerm, () => `term ${hardState.currentTerm} after ${this.currentTerm}`)
    this.#hardState = hardState
    this.durability.hardStateChanged()
  }

  #become(role: Role, leaderId: MemberId | null): void {
    this.#role = role
    this.#leaderId = leaderId
    this.#noteTransition()
  }

  #setLeader(leaderId: MemberId | null): void {
    if (this.#leaderId === leaderId) return
    this.#leaderId = leaderId
    this.#noteTransition()
  }

  #noteTransition(): void {
    this.#pending.transitions.push({ role: this.#role.name, term: this.currentTerm, leaderId: this.#leaderId })
  }
}
