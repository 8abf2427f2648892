import { Applying } from './applying.js'
import type { Effects, Transition } from './effects.js'
import { EntryBatch } from './entry-batch.js'
import { assert } from './errors.js'
import type { Event } from './events.js'
import type { Message } from './message.js'
import type { StoredLog } from './ports/log-storage.js'
import type { Progress } from './progress.js'
import { ReadIndex } from './read-index.js'
import { Candidate } from './role/candidate.js'
import { Follower } from './role/follower.js'
import { Leader } from './role/leader.js'
import { PreCandidate } from './role/pre-candidate.js'
import type { Role } from './role/role.js'
import { RoleContext } from './role-context.js'
import type { StateOptions } from './state-options.js'
import { answerStale, standingOf } from './terms.js'
import type { MemberId, RoleName } from './types.js'
import { answerPreVote, answerRequestVote } from './voting.js'

/**
 * The context and core engine of one Raft member: joins Log, hard state, membership and the current Role, and decides every
 * transition. Synchronous and pure: the same events at the same times give the same effects, bit for bit; it does no I/O
 * and reads no clock.
 *
 * After each event, or several, `takeEffects` says what is to be done. Nobody but State changes its role.
 */
export class State extends RoleContext {
  readonly #applying: Applying
  #role: Role

  /**
   * @param lastApplied what the state machine already includes: applied, so known to be committed
   * @param now in ms, from the same origin as in every later call
   */
  constructor(options: StateOptions, stored: StoredLog, lastApplied: number, now: number)
  /** @internal */
  constructor(options: StateOptions, stored: StoredLog, lastApplied: number, now: number, copied: State)
  constructor(options: StateOptions, stored: StoredLog, lastApplied: number, now: number, copied?: State) {
    super(options, stored, lastApplied, now, copied)
    assert(lastApplied <= stored.lastIndex, () => `the state machine has applied ${lastApplied}, but the log ends at ${stored.lastIndex}`)
    this.#applying = copied === undefined ? new Applying(this.commitIndex) : copied.#applying.fork()
    this.#role = copied === undefined ? new Follower(this, this.#firstDeadline()) : copied.#role.fork(this)
  }

  /** An independent copy that behaves the same from here on, provided that its `random` does. */
  fork(): State {
    const { baseIndex, baseTerm, lastIndex, runs } = this.log
    const stored = { hardState: this.hardState, baseIndex, baseTerm, lastIndex, runs }
    return new State(this, stored, this.lastApplied, this.now, this)
  }

  /**
   * Equal for two states that behave alike from here on; times count relative to now. Members appear by the names that `nameOf`
   * gives them, in no order but that of the names: with exchanged names, equal for two states of which one is the other with
   * exchanged members.
   */
  fingerprint(nameOf: (id: MemberId) => string = (id) => id): string {
    const { log, now, votedFor } = this
    return [
      this.#role.name,
      this.#role.fingerprint(nameOf),
      this.currentTerm,
      votedFor === null ? '' : nameOf(votedFor),
      this.contactFingerprint(nameOf),
      this.commitIndex,
      this.#applying.fingerprint(),
      log.lastIndex,
      log.durableIndex,
      log.windowFirst,
      log.runs.map((run) => `${run.firstIndex}:${run.term}`).join(),
      log.contentHash(),
      this.durability.fingerprint(now),
      this.early.fingerprint(now, nameOf),
    ].join('|')
  }

  get role(): RoleName {
    return this.#role.name
  }

  get lastApplied(): number {
    return this.#applying.appliedIndex
  }

  /** The index of the no-op of the term that this member leads; null while it does not lead. */
  get termStartIndex(): number | null {
    return this.#role.termStartIndex
  }

  /** What the leader knows of each follower; null while this member does not lead. */
  get progress(): ReadonlyMap<MemberId, Progress> | null {
    return this.#role.progress
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
    this.advanceTo(now)
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
      case 'fetched':
        this.#fetched(event.requester, event.entries)
        break
      case 'applied':
        this.#applying.applied(event.index)
        break
    }
  }

  /** Appends commands. Returns the index of the first, or null when this member does not lead: then nothing was appended. */
  propose(commands: readonly Uint8Array[], now: number): number | null {
    this.advanceTo(now)
    return this.#role.propose(commands)
  }

  /**
   * Asks for an index up to which a read must see what is applied, so that it is linearizable. Returns the ticket under
   * which it will be confirmed, or null when this member does not lead. A change of role fails every ticket.
   */
  read(now: number): number | null {
    this.advanceTo(now)
    return this.#role.read()
  }

  /** The changes of role, term and leader since the last call; `takeEffects` leaves them out then. */
  takeTransitions(): readonly Transition[] {
    const { transitions } = this.pending
    this.pending.transitions = []
    return transitions
  }

  /** What is to be done because of all events since the last call. */
  takeEffects(): Effects {
    const { log } = this
    this.#role.flush()
    const apply = this.#applying.next(log, Math.min(this.commitIndex, log.durableIndex), this.tuning.maxApplyBytes)
    if (apply.fetch !== null) this.fetchEntries({ ...apply.fetch, requester: this.id })
    const write = this.durability.nextWrite(log, this.hardState, this.now)
    log.release(Math.min(this.lastApplied + 1, this.#role.neededFrom))
    return this.takePending().complete(write, apply.entries)
  }

  /** @internal */
  override becomeFollower(term: number, leaderId: MemberId | null, standsAt: number | null = this.#role.electionDeadline): void {
    if (term > this.currentTerm) this.setHardState({ currentTerm: term, votedFor: null })
    this.#become(new Follower(this, standsAt ?? this.now + this.drawElectionTimeout()), leaderId)
  }

  /** @internal */
  override becomePreCandidate(): void {
    const role = new PreCandidate(this, this.now + this.drawElectionTimeout(), this.now + this.early.window)
    this.#become(role, null)
    role.start()
  }

  /** @internal */
  override becomeCandidate(): void {
    this.setHardState({ currentTerm: this.currentTerm + 1, votedFor: this.id })
    const role = new Candidate(this, this.now + this.drawElectionTimeout())
    this.#become(role, null)
    role.start()
  }

  /** @internal */
  override becomeLeader(): void {
    assert(this.votedFor === this.id, () => `leader of term ${this.currentTerm} with a vote for ${this.votedFor}`)
    const role = new Leader(this, this.log.lastIndex + 1, new ReadIndex())
    this.#become(role, this.id)
    role.start()
  }

  /** @internal */
  override loseLeader(): number {
    const lost = this.leaderId
    this.#changeLeader(null)
    this.early.begin(this.now)
    return this.now + this.early.turn(this.currentTerm + 1, lost)
  }

  /** After a start, a member listens for a heartbeat interval first, in which a leader that is there would be heard. */
  #firstDeadline(): number {
    const startsAt = this.now + this.tuning.heartbeatInterval
    this.early.begin(startsAt)
    return startsAt + this.early.turn(this.currentTerm + 1, null)
  }

  #receive(from: MemberId, message: Message): void {
    if (from === this.id || message.group !== this.group || !this.membership.members.has(from)) return
    switch (standingOf(this, message)) {
      case 'ignored':
        return
      case 'stale':
        answerStale(this, from, message)
        return
      case 'newer':
        this.#followNewer(message.term)
    }
    this.#receiveCurrent(from, message)
  }

  /** A member that asked for pre-votes, and learns that its term was too old, asks again when it is its turn in the newer one. */
  #followNewer(term: number): void {
    const wasAsking = this.#role.name === 'preCandidate'
    this.setHardState({ currentTerm: term, votedFor: null })
    const standsAt = wasAsking ? this.drawNextTurn() : null
    this.becomeFollower(term, null, standsAt ?? this.#role.electionDeadline)
  }

  #receiveCurrent(from: MemberId, message: Message): void {
    switch (message.type) {
      case 'preVote':
        answerPreVote(this, this.#role, from, message)
        return
      case 'requestVote':
        answerRequestVote(this, this.#role, from, message)
        return
      case 'appendEntries':
      case 'heartbeat':
        this.#follow(from)
    }
    this.#role.receive(from, message)
  }

  #follow(leaderId: MemberId): void {
    assert(this.#role.name !== 'leader', () => `${leaderId} and ${this.id} both lead term ${this.currentTerm}`)
    if (this.#role.name !== 'follower') this.becomeFollower(this.currentTerm, leaderId)
    assert(
      this.leaderId === null || this.leaderId === leaderId,
      () => `${leaderId} and ${this.leaderId} both lead term ${this.currentTerm}`,
    )
    this.#changeLeader(leaderId)
  }

  #fetched(requester: MemberId, entries: EntryBatch): void {
    // The range may have been replaced while it was fetched.
    const current = entries.count > 0 && this.log.firstDifference(entries) === null
    if (requester === this.id) this.#applying.fetched(current ? entries : null)
    else this.#role.fetched(requester, current ? entries : EntryBatch.empty(1))
  }

  #become(role: Role, leaderId: MemberId | null): void {
    this.#role = role
    this.setLeader(leaderId)
    this.#noteTransition()
  }

  #changeLeader(leaderId: MemberId | null): void {
    if (this.leaderId === leaderId) return
    this.setLeader(leaderId)
    this.#noteTransition()
  }

  #noteTransition(): void {
    this.pending.transitions.push({ role: this.#role.name, term: this.currentTerm, leaderId: this.leaderId })
  }
}
