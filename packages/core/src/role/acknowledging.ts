import type { RoleContext } from '../role-context.js'
import type { MemberId } from '../types.js'

/** An acknowledgement that the leader does not know of after this many heartbeat intervals is repeated. */
const REPEAT_INTERVALS = 0.5
const NOTHING = -1

/**
 * What a follower acknowledges to the leader of its term: once a turn, for all that was verified against that leader. Where this spans
 * several writes to the disk, each acknowledgement names a part and leaves with the write of that part.
 */
export class Acknowledging {
  readonly #state: RoleContext
  /** The highest index that was verified against this leader and is not yet fully acknowledged; null where there is none. */
  #verifiedIndex: number | null = null
  /** Of that, the highest index that is already acknowledged, where it spans several writes; or NOTHING. */
  #acknowledgedIndex = NOTHING
  /** All that was ever acknowledged to the leader of this term: it was verified against that leader, and can only grow. */
  #everAcknowledged = 0
  #acknowledgedAt = Number.NEGATIVE_INFINITY

  constructor(state: RoleContext) {
    this.#state = state
  }

  fork(state: RoleContext): Acknowledging {
    const copy = new Acknowledging(state)
    copy.#verifiedIndex = this.#verifiedIndex
    copy.#acknowledgedIndex = this.#acknowledgedIndex
    copy.#everAcknowledged = this.#everAcknowledged
    copy.#acknowledgedAt = this.#acknowledgedAt
    return copy
  }

  fingerprint(): string {
    return [this.#verifiedIndex, this.#acknowledgedIndex, this.#everAcknowledged, this.#acknowledgedAt - this.#state.now].join()
  }

  /** The log is the leader's up to this index. What lies behind it may be what this leader does not have. */
  verified(index: number): void {
    this.#verifiedIndex = Math.max(this.#verifiedIndex ?? 0, index)
  }

  /**
   * A heartbeat carries the smaller of what is committed and what its leader knows to be on this member's disk. Where that is less than
   * what was acknowledged some time ago, the acknowledgement may have been lost: it is said again, once it could leave at once.
   */
  repeatIfLost(leaderCommit: number): void {
    const { log, now, tuning } = this.#state
    if (leaderCommit >= this.#everAcknowledged || this.#verifiedIndex !== null) return
    if (this.#everAcknowledged > log.durableIndex) return
    if (now - this.#acknowledgedAt < REPEAT_INTERVALS * tuning.heartbeatInterval) return
    this.#verifiedIndex = this.#everAcknowledged
  }

  /** The turn is over: the leader is told what is new, when it is durable. */
  flush(leaderId: MemberId | null): void {
    const state = this.#state
    if (this.#verifiedIndex === null || leaderId === null) return
    // Entries that the next write leaves out are acknowledged with one of the writes that follow.
    const matchIndex = Math.min(this.#verifiedIndex, state.durability.nextWriteEnd(state.log))
    const isNews = matchIndex > this.#acknowledgedIndex
    this.#acknowledgedIndex = matchIndex
    if (matchIndex === this.#verifiedIndex) {
      this.#verifiedIndex = null
      this.#acknowledgedIndex = NOTHING
    }
    if (!isNews) return
    this.#everAcknowledged = Math.max(this.#everAcknowledged, matchIndex)
    this.#acknowledgedAt = state.now
    const after = Math.max(state.durability.hardStateWrite, state.durability.entryWrite(state.log, matchIndex))
    state.send(
      leaderId,
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
}
