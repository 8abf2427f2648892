import { EntryBatch, EntryKind } from '../entry-batch.js'
import { assert } from '../errors.js'
import { peersOf } from '../membership.js'
import type { AppendEntriesReply, HeartbeatReply } from '../message.js'
import { Progress } from '../progress.js'
import { reachedByMajority } from '../quorum.js'
import type { ReadIndex } from '../read-index.js'
import type { State } from '../state.js'
import type { MemberId } from '../types.js'
import { Role } from './role.js'

/** A write to the own disk that takes this many election timeouts: another member should lead. */
const STALLED_WRITE_TIMEOUTS = 2

/** Accepts commands, replicates them, and commits what a majority has made durable (paper §5.3, §5.4). */
export class Leader extends Role {
  readonly name = 'leader'
  /** The index of the no-op with which the term begins. */
  readonly termStartIndex: number
  readonly progress = new Map<MemberId, Progress>()
  readonly #reads: ReadIndex
  #heartbeatDeadline: number

  constructor(state: State, termStartIndex: number, reads: ReadIndex) {
    super(state)
    this.termStartIndex = termStartIndex
    this.#reads = reads
    this.#heartbeatDeadline = state.now + state.tuning.heartbeatInterval
  }

  fork(state: State): Leader {
    const copy = new Leader(state, this.termStartIndex, this.#reads.fork())
    copy.#heartbeatDeadline = this.#heartbeatDeadline
    for (const [id, progress] of this.progress) copy.progress.set(id, progress.fork())
    return copy
  }

  fingerprint(nameOf: (id: MemberId) => string): string {
    const { now } = this.state
    const progress = [...this.progress].map(([id, one]) => `${nameOf(id)}=${one.fingerprint(now)}`)
    return [this.termStartIndex, this.#heartbeatDeadline - now, this.#reads.fingerprint(nameOf), ...progress.sort()].join(';')
  }

  /** A term begins with a no-op: once it is committed, the leader knows that all entries before it are, too (paper §8). */
  start(): void {
    const { state } = this
    for (const id of peersOf(state.membership, state.id)) {
      this.progress.set(id, new Progress(state.log.lastIndex + 1, state.now, state.tuning.electionTimeout))
    }
    state.log.append(EntryBatch.of(this.termStartIndex, state.currentTerm, EntryKind.NoOp, [new Uint8Array(0)]))
  }

  get deadline(): number {
    return this.#heartbeatDeadline
  }

  get electionDeadline(): null {
    return null
  }

  override get neededFrom(): number {
    let first = Number.POSITIVE_INFINITY
    for (const { mode, matchIndex } of this.progress.values()) if (mode === 'replicate') first = Math.min(first, matchIndex + 1)
    return first
  }

  tick(): void {
    const { state } = this
    if (state.now < this.#heartbeatDeadline) return
    this.#heartbeatDeadline = state.now + state.tuning.heartbeatInterval
    if (!this.#hearsMajority() || this.#writeIsStalled()) {
      state.becomeFollower(state.currentTerm, null)
      return
    }
    for (const progress of this.progress.values()) {
      if (state.now >= progress.resendAt) progress.suspectLoss()
    }
    this.#sendHeartbeats()
  }

  /** Appends commands; returns the index of the first. */
  propose(commands: readonly Uint8Array[]): number {
    const { state } = this
    const firstIndex = state.log.lastIndex + 1
    state.log.append(EntryBatch.of(firstIndex, state.currentTerm, EntryKind.Command, commands))
    return firstIndex
  }

  /** How many tickets for reads are to be confirmed yet. */
  get readTickets(): number {
    return this.#reads.tickets
  }

  /** Asks for a confirmed read index; returns the ticket under which it will come. */
  read(): number {
    return this.#reads.request()
  }

  override appendEntriesReply(from: MemberId, message: AppendEntriesReply): void {
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

  override heartbeatReply(from: MemberId, message: HeartbeatReply): void {
    const progress = this.progress.get(from)
    if (progress === undefined) return
    progress.heard(this.state.now)
    this.#reads.answered(from, message.round)
  }

  /** Its own disk counts like a follower's. */
  override written(): void {
    this.#advanceCommit()
  }

  override entriesRead(reader: MemberId, entries: EntryBatch): void {
    const progress = this.progress.get(reader)
    if (progress === undefined || !progress.loading) return
    progress.loading = false
    progress.loaded = entries
  }

  override flush(): void {
    this.#takeConfirmedReads()
    // Asked after that: reads that came while a round was under way wait for no heartbeat, but for a round of their own, sent now.
    if (this.#reads.needsRound && this.#hasCommittedInTerm) {
      this.#sendHeartbeats()
      // A member that is alone has confirmed it.
      this.#takeConfirmedReads()
    }
    for (const [id, progress] of this.progress) this.#sendEntries(id, progress)
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

  #sendEntries(to: MemberId, progress: Progress): void {
    const { state } = this
    const { log, tuning } = state
    while (progress.nextIndex <= log.lastIndex && progress.maySend(tuning)) {
      const entries = this.#nextEntries(to, progress)
      if (entries === null) return
      const prevLogIndex = progress.nextIndex - 1
      state.send(
        to,
        {
          type: 'appendEntries',
          group: state.group,
          term: state.currentTerm,
          prevLogIndex,
          prevLogTerm: log.term(prevLogIndex),
          leaderCommit: state.commitIndex,
          entries,
        },
        0,
      )
      progress.sent(entries.lastIndex, entries.byteLength, state.now)
    }
  }

  /** What to send next: from memory, or else what was read back from storage, or null and a request to read it. */
  #nextEntries(to: MemberId, progress: Progress): EntryBatch | null {
    const { state } = this
    const { log } = state
    const { maxAppendBytes } = state.tuning
    const from = progress.nextIndex
    const entries = log.entries(from, log.lastIndex, maxAppendBytes)
    if (entries !== null) return entries
    const { loaded } = progress
    progress.loaded = null
    if (loaded?.has(from)) return loaded.slice(from, loaded.lastIndex)
    if (!progress.loading) {
      progress.loading = true
      state.requestEntries({ reader: to, from, to: log.windowFirst - 1, maxBytes: maxAppendBytes })
    }
    return null
  }
}
