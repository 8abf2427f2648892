import { assert } from '../errors.js'
import type { AppendEntries, Heartbeat, Message } from '../message.js'
import type { RoleContext } from '../role-context.js'
import type { MemberId } from '../types.js'
import { Acknowledging } from './acknowledging.js'
import { Role } from './role.js'

/** After this many silent heartbeat intervals a follower asks the system whether its leader still listens. */
const SILENT_INTERVALS = 2

/** Does what the leader says; asks to be elected when it hears from none (paper §5.2, §5.3). */
export class Follower extends Role {
  readonly name = 'follower'
  #electionDeadline: number
  /** When to send the silent leader a word, so that the system reports it if its port is closed. */
  #pingDeadline = Number.POSITIVE_INFINITY
  /** Whether the system has said, since the leader was last heard, that nobody listens at its address. */
  #isUnreachable = false
  #lastRound = 0
  readonly #acknowledging: Acknowledging

  constructor(state: RoleContext, electionDeadline: number, acknowledging = new Acknowledging(state)) {
    super(state)
    this.#acknowledging = acknowledging
    this.#electionDeadline = electionDeadline
  }

  fork(state: RoleContext): Follower {
    const copy = new Follower(state, this.#electionDeadline, this.#acknowledging.fork(state))
    copy.#pingDeadline = this.#pingDeadline
    copy.#isUnreachable = this.#isUnreachable
    copy.#lastRound = this.#lastRound
    return copy
  }

  fingerprint(): string {
    const now = this.state.now
    const deadlines = [this.#electionDeadline - now, this.#pingDeadline - now]
    return [...deadlines, this.#isUnreachable, this.#lastRound, this.#acknowledging.fingerprint()].join()
  }

  get deadline(): number {
    return Math.min(this.#electionDeadline, this.#pingDeadline)
  }

  get electionDeadline(): number {
    return this.#electionDeadline
  }

  override promised(): void {
    const { state } = this
    this.#electionDeadline = Math.max(this.#electionDeadline, state.drawNextTurn() ?? state.now + state.early.window)
  }

  override voteGranted(): void {
    this.#electionDeadline = this.state.now + this.state.drawElectionTimeout()
  }

  tick(): void {
    const { state } = this
    if (state.now >= this.#electionDeadline) {
      this.#electionDeadline = state.now + state.drawElectionTimeout()
      if (state.mayCampaign) state.becomePreCandidate()
      return
    }
    if (state.now < this.#pingDeadline) return
    if (this.#isUnreachable) {
      this.leaderLost()
      return
    }
    this.#pingDeadline = state.now + state.tuning.heartbeatInterval
    if (state.leaderId !== null) this.#answerHeartbeat(state.leaderId)
  }

  receive(from: MemberId, message: Message): void {
    if (message.type === 'appendEntries') this.#appendEntries(from, message)
    if (message.type === 'heartbeat') this.#heartbeat(from, message)
  }

  #appendEntries(from: MemberId, message: AppendEntries): void {
    this.#heardLeader()
    const { state } = this
    state.heardCommit(message.leaderCommit)
    const { prevLogIndex, prevLogTerm, entries } = message
    const { log } = state
    if (prevLogIndex >= log.baseIndex && !log.matches(prevLogIndex, prevLogTerm)) {
      this.#refuse(from, message)
      return
    }
    // An acknowledgement is what was verified, never the last index: behind it may lie what this leader does not have.
    const verifiedIndex = prevLogIndex + entries.count
    const difference = log.firstDifference(entries)
    if (difference !== null) {
      if (difference <= log.lastIndex) state.truncateFrom(difference)
      log.append(entries.slice(difference, entries.lastIndex))
    }
    state.commitTo(Math.min(message.leaderCommit, verifiedIndex))
    this.#acknowledging.verified(verifiedIndex)
  }

  #heartbeat(from: MemberId, message: Heartbeat): void {
    this.#heardLeader()
    const { state } = this
    // The leader never says more than what this member has acknowledged.
    assert(
      message.leaderCommit <= state.log.lastIndex,
      () =>
        `the leader ${from} knows that this member has stored entries up to ${message.leaderCommit}, but its log ends at ${state.log.lastIndex}: its storage has lost data. It must not take part with what is left. If its newest directory is kept elsewhere, start it on that one, and on no other. Members cannot be replaced yet: as long as a majority of the members runs, the cluster serves without this one`,
    )
    state.commitTo(message.leaderCommit)
    this.#lastRound = message.round
    this.#answerHeartbeat(from)
    this.#acknowledging.repeatIfLost(message.leaderCommit)
  }

  /**
   * The leader's process is gone, as far as the system can tell. Anybody can forge that hint, so it counts only once the leader is
   * silent: as long as its heartbeats come, it leads.
   */
  override unreachable(peer: MemberId): void {
    const { state } = this
    if (peer !== state.leaderId) return
    if (state.silence >= this.#silentAfter) this.leaderLost()
    else this.#isUnreachable = true
  }

  override leaderLost(): void {
    this.#isUnreachable = false
    this.#pingDeadline = Number.POSITIVE_INFINITY
    this.#electionDeadline = Math.min(this.#electionDeadline, this.state.loseLeader())
  }

  override flush(): void {
    this.#acknowledging.flush(this.state.leaderId)
  }

  #heardLeader(): void {
    const { state } = this
    state.heardLeader()
    this.#electionDeadline = state.now + state.drawElectionTimeout()
    this.#isUnreachable = false
    this.#pingDeadline = state.now + this.#silentAfter
  }

  /** For how long a leader may be silent before it is doubted, in ms. */
  get #silentAfter(): number {
    return SILENT_INTERVALS * this.state.tuning.heartbeatInterval
  }

  /** Says the term only, and so waits for no entries. */
  #answerHeartbeat(leader: MemberId): void {
    const { state } = this
    state.send(
      leader,
      { type: 'heartbeatReply', group: state.group, term: state.currentTerm, round: this.#lastRound },
      state.durability.hardStateWrite,
    )
  }

  /** Names the last place at which the logs may agree, so that the leader goes back by terms, not by entries. */
  #refuse(leader: MemberId, message: AppendEntries): void {
    const { state } = this
    const { prevLogIndex } = message
    const matchIndex = state.log.lastIndexWithTermAtMost(message.prevLogTerm, prevLogIndex)
    const matchTerm = state.log.term(matchIndex)
    state.send(
      leader,
      { type: 'appendEntriesReply', group: state.group, term: state.currentTerm, success: false, prevLogIndex, matchIndex, matchTerm },
      state.durability.hardStateWrite,
    )
  }
}
