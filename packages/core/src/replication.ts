import type { EntryBatch } from './entry-batch.js'
import { peersOf } from './membership.js'
import { Progress } from './progress.js'
import type { RoleContext } from './role-context.js'
import type { MemberId } from './types.js'

/** A leader's followers: the Progress of each, and the entries that each gets next (paper §5.3). */
export class Replication {
  readonly #state: RoleContext
  readonly progress = new Map<MemberId, Progress>()

  constructor(state: RoleContext) {
    this.#state = state
  }

  fork(state: RoleContext): Replication {
    const copy = new Replication(state)
    for (const [id, progress] of this.progress) copy.progress.set(id, progress.fork())
    return copy
  }

  fingerprint(nameOf: (id: MemberId) => string): string {
    const { now } = this.#state
    const progress = [...this.progress].map(([id, one]) => `${nameOf(id)}=${one.fingerprint(now)}`)
    return progress.sort().join(';')
  }

  /** A term begins: where the followers' logs agree with the leader's is unknown. */
  start(): void {
    const { id: self, membership, log, now, tuning } = this.#state
    for (const id of peersOf(membership, self)) this.progress.set(id, new Progress(log.lastIndex + 1, now, tuning.electionTimeout))
  }

  /** The first entry that it may have to send to a member that keeps up; Infinity where there is none. */
  get neededFrom(): number {
    let first = Number.POSITIVE_INFINITY
    for (const { mode, matchIndex } of this.progress.values()) if (mode === 'replicate') first = Math.min(first, matchIndex + 1)
    return first
  }

  /** Entries that have been under way for too long count as lost. */
  suspectLosses(): void {
    const { now } = this.#state
    for (const progress of this.progress.values()) if (now >= progress.resendAt) progress.suspectLoss()
  }

  /** Entries that were fetched for the follower; empty where the log has replaced them meanwhile. */
  fetched(follower: MemberId, entries: EntryBatch): void {
    const progress = this.progress.get(follower)
    if (progress === undefined || !progress.isFetching) return
    progress.isFetching = false
    progress.fetched = entries
  }

  /** Sends each follower what it lacks, as far as its window allows. */
  sendEntries(): void {
    for (const [id, progress] of this.progress) this.#sendTo(id, progress)
  }

  #sendTo(to: MemberId, progress: Progress): void {
    const state = this.#state
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

  /** The entries to send next: from memory, or as they were fetched from storage; or null, and a request to fetch them. */
  #nextEntries(to: MemberId, progress: Progress): EntryBatch | null {
    const state = this.#state
    const { log } = state
    const { maxAppendBytes } = state.tuning
    const from = progress.nextIndex
    const entries = log.entries(from, log.lastIndex, maxAppendBytes)
    if (entries !== null) return entries
    const { fetched } = progress
    progress.fetched = null
    if (fetched?.has(from)) return fetched.slice(from, fetched.lastIndex)
    if (!progress.isFetching) {
      progress.isFetching = true
      state.fetchEntries({ requester: to, from, to: log.windowFirst - 1, maxBytes: maxAppendBytes })
    }
    return null
  }
}
