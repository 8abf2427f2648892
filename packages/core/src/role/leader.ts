import { EntryBatch, EntryKind } from '../entry-batch.js'
import { assert } from '../errors.js'
import type { AppendEntriesReply, HeartbeatReply, Message } from '../message.js'
import type { Progress } from '../progress.js'
import { reachedByMajority } from '../quorum.js'
import type { ReadIndex } from '../read-index.js'
import { Replication } from '../replication.js'
import type { RoleContext } from '../role-context.js'
import type { MemberId } from '../types.js'
import { Role } from './role.js'

/** A write to the own disk that takes this many election timeouts: another member should lead. */
const STALLED_WRITE_TIMEOUTS = 2

/** Accepts commands, replicates them, and commits what a majority has made durable (paper §5.3, §5.4). */
export class Leader extends Role {
  readonly name = 'leader'
  override readonly termStartIndex: number
  override readonly progress: ReadonlyMap<MemberId, Progress>
  readonly #replication: Replication
  readonly #reads: ReadIndex
  #heartbeatDeadline: number

  constructor(state: RoleContext, termStartIndex: number, reads: ReadIndex, replication = new Replication(state)) {
    super(state)
    this.termStartIndex = termStartIndex
    this.progress = replication.progress
    this.#replication = replication
    this.#reads = reads
    this.#heartbeatDeadline = state.now + state.tuning.heartbeatInterval
  }

  fork(state: RoleContext): Leader {
    const copy = new Leader(state, this.termStartIndex, this.#reads.fork(), this.#replication.fork(state))
    copy.#heartbeatDeadline = this.#heartbeatDeadline
    return copy
  }

  fingerprint(nameOf: (id: MemberId) => string): string {
    const heartbeat = this.#heartbeatDeadline - this.state.now
    return [this.termStartIndex, heartbeat, this.#reads.fingerprint(nameOf), this.#replication.fingerprint(nameOf)].join(';')
  }

  /** A term begins with a no-op: once it is committed, the leader knows that all entries before it are, too (paper §8). */
  start(): void {
    const { state } = this
    this.#replication.start()
    state.log.append(EntryBatch.of(this.termStartIndex, state.currentTerm, EntryKind.NoOp, [new Uint8Array(0)]))
  }

  get deadline(): number {
    return this.#heartbeatDeadline
  }

  get electionDeadline(): null {
    return null
  }

  override get neededFrom(): number {
    return this.#replication.neededFrom
  }

  tick(): void {
    const { state } = this
    if (state.now < this.#heartbeatDeadline) return
    this.#heartbeatDeadline = state.now + state.tuning.heartbeatInterval
    if (!this.#hearsMajority() || this.#writeIsStalled()) {
      state.becomeFollower(state.currentTerm, null)
      return
    }
    this.#replication.suspectLosses()
    this.#sendHeartbeats()
  }

  override propose(commands: readonly Uint8Array[]): number {
    const { state } = this
    const firstIndex = state.log.lastIndex + 1
    state.log.append(EntryBatch.of(firstIndex, state.currentTerm, EntryKind.Command, commands))
    return firstIndex
  }

  /** How many tickets for reads are to be confirmed yet. */
  get readTickets(): number {
    return this.#reads.tickets
  }

  override read(): number {
    return this.#reads.request()
  }

  receive(from: MemberId, message: Message): void {
    if (message.type === 'appendEntriesReply') this.#appendEntriesReply(from, message)
    if (message.type === 'heartbeatReply') this.#heartbeatReply(from, message)
  }

  #appendEntriesReply(from: MemberId, message: AppendEntriesReply): void {
    const progress = this.progress.get(from)
    if (progress === undefined) return
    const { state } = this
    progress.heard(state.now)
    assert(
      message.matchIndex <= state.log.lastIndex || !message.success,
      () => `${from} acknowledges index ${message.matchIndex}, but the log ends at ${state.log.lastIndex}`,
    )
    if (message.success) {
      if (progress.acknowledged(message.matchIndex, state.now)) this.#advanceCommit()
      return
    }
    progress.refused(message.prevLogIndex, state.log.lastIndexWithTermAtMost(message.matchTerm, message.matchIndex))
  }

  #heartbeatReply(from: MemberId, message: HeartbeatReply): void {
    const progress = this.progress.get(from)
    if (progress === undefined) return
    progress.heard(this.state.now)
    this.#reads.answered(from, message.round)
  }

  /** Its own disk counts like a follower's. */
  override written(): void {
    this.#advanceCommit()
  }

  override fetched(follower: MemberId, entries: EntryBatch): void {
    this.#replication.fetched(follower, entries)
  }

  override flush(): void {
    this.#takeConfirmedReads()
    // Asked after that: reads that came while a round was under way wait for no heartbeat, but for a round of their own, sent now.
    if (this.#reads.needsRound && this.#hasCommittedInTerm) {
      this.#sendHeartbeats()
      // A member that is alone has confirmed it.
      this.#takeConfirmedReads()
    }
    this.#replication.sendEntries()
  }

  #takeConfirmedReads(): void {
    const confirmed = this.#reads.takeConfirmed(this.state.membership, this.state.id)
    if (confirmed !== null) this.state.readsConfirmed(confirmed)
  }

  /** Before that the leader does not know what is committed, and confirms no reads (paper §8, thesis §6.4). */
  get #hasCommittedInTerm(): boolean {
    return this.state.commitIndex >= this.termStartIndex
  }

  /** Check-quorum: the newest moment since which a majority, itself included, has been heard (thesis §6.2). */
  #hearsMajority(): boolean {
    const { state } = this
    const heardAt = reachedByMajority(state.membership, (id) => (id === state.id ? state.now : (this.progress.get(id)?.heardAt ?? 0)))
    return state.now - heardAt < state.tuning.electionTimeout
  }

  /** A leader whose disk hangs would hold the cluster up for ever (hashicorp/raft #503). */
  #writeIsStalled(): boolean {
    const { state } = this
    return state.durability.writeInFlight && state.now - state.durability.issuedAt > STALLED_WRITE_TIMEOUTS * state.tuning.electionTimeout
  }

  #sendHeartbeats(): void {
    const { state } = this
    const round = this.#reads.startRound(this.#hasCommittedInTerm ? state.commitIndex : null)
    for (const [id, progress] of this.progress) {
      const leaderCommit = Math.min(state.commitIndex, progress.matchIndex)
      state.send(id, { type: 'heartbeat', group: state.group, term: state.currentTerm, leaderCommit, round }, 0)
    }
  }

  /** Only entries of the own term are committed by counting; earlier ones follow (paper §5.4.2, Figure 8). */
  #advanceCommit(): void {
    const { state } = this
    const { log } = state
    const replicated = reachedByMajority(state.membership, (id) =>
      id === state.id ? log.durableIndex : (this.progress.get(id)?.matchIndex ?? 0),
    )
    if (replicated > state.commitIndex && log.term(replicated) === state.currentTerm) state.commitTo(replicated)
  }
}
