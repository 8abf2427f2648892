import { assert } from '../errors.js'
import type { AppendEntries, Heartbeat } from '../message.js'
import type { State } from '../state.js'
import type { MemberId } from '../types.js'
import { Role } from './role.js'

/** After this many silent heartbeat intervals a follower asks the system whether its leader still listens. */
const SILENT_INTERVALS = 2
const NOTHING = -1

/** Does what the leader says; asks to be elected when it hears from none (paper §5.2, §5.3). */
export class Follower extends Role {
  readonly name = 'follower'
  #electionDeadline: number
  /** When to send the silent leader a word, so that the system reports it if its port is closed. */
  #pingDeadline = Number.POSITIVE_INFINITY
  #lastRound = 0
  /** What is to be acknowledged, once a turn; null when all is. */
  #verifiedIndex: number | null = null
  /** The part of it that was acknowledged, with the write before the last that it takes; or NOTHING. */
  #acknowledgedIndex = NOTHING

  constructor(state: State, electionDeadline: number) {
    super(state)
    this.#electionDeadline = electionDeadline
  }

  fork(state: State): Follower {
    const copy = new Follower(state, this.#electionDeadline)
    copy.#pingDeadline = this.#pingDeadline
    copy.#lastRound = this.#lastRound
    copy.#verifiedIndex = this.#verifiedIndex
    copy.#acknowledgedIndex = this.#acknowledgedIndex
    return copy
  }

  fingerprint(): string {
    const now = this.state.now
    return [this.#electionDeadline - now, this.#pingDeadline - now, this.#lastRound, this.#verifiedIndex, this.#acknowledgedIndex].join()
  }

  get deadline(): number {
    return Math.min(this.#electionDeadline, this.#pingDeadline)
  }

  get electionDeadline(): number {
    return this.#electionDeadline
  }

  /** It has promised its vote to somebody, who gets the time to win. */
  voteGranted(): void {
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
    this.#pingDeadline = state.now + state.tuning.heartbeatInterval
    if (state.leaderId !== null) this.#answerHeartbeat(state.leaderId)
  }

  override appendEntries(from: MemberId, message: AppendEntries): void {
    this.#heardLeader()
    const { state } = this
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
    this.#verifiedIndex = Math.max(this.#verifiedIndex ?? 0, verifiedIndex)
  }

  override heartbeat(from: MemberId, message: Heartbeat): void {
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
  }

  /** The leader's process is gone, as far as the system can tell. */
  override unreachable(peer: MemberId): void {
    const { state } = this
    if (peer !== state.leaderId) return
    state.forgetLeader()
    this.#pingDeadline = Number.POSITIVE_INFINITY
    this.#electionDeadline = Math.min(this.#electionDeadline, state.drawEarlyDeadline())
  }

  override flush(): void {
    const { state } = this
    if (this.#verifiedIndex === null || state.leaderId === null) return
    // What the next write leaves out is acknowledged with one of those that follow.
    const matchIndex = Math.min(this.#verifiedIndex, state.durability.nextWriteEnd(state.log))
    const isNews = matchIndex > this.#acknowledgedIndex
    this.#acknowledgedIndex = matchIndex
    if (matchIndex === this.#verifiedIndex) {
      this.#verifiedIndex = null
      this.#acknowledgedIndex = NOTHING
    }
    if (!isNews) return
    const after = Math.max(state.durability.hardStateWrite, state.durability.entryWrite(state.log, matchIndex))
    state.send(
      state.leaderId,
      {
        type: 'appendEntriesReply',
        group: state.group,
        term: state.currentTerm,
        success: true,
        prevLogIndex: matchIndex,
        matchIndex,
        matchTerm: 0,
      },
      after,
    )
  }

  #heardLeader(): void {
    const { state } = this
    state.heardLeader()
    this.#electionDeadline = state.now + state.drawElectionTimeout()
    this.#pingDeadline = state.now + SILENT_INTERVALS * state.tuning.heartbeatInterval
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
