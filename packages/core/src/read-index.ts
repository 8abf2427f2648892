import type { ConfirmedRead } from './effects.js'
import type { Membership } from './membership.js'
import { reachedByMajority } from './quorum.js'
import type { MemberId } from './types.js'

interface Waiting {
  readonly ticket: number
  /** The round of heartbeats that confirms these reads; null before it is sent. */
  round: number | null
  /** The commitIndex when the round was sent. */
  index: number
}

/**
 * Linearizable reads without log entries (thesis §6.4): a round of heartbeats, sent after the reads arrived, that a
 * majority answers proves that no later leader had been elected when it was sent. All reads that wait share the next round.
 */
export class ReadIndex {
  #ticket = 0
  #round = 0
  readonly #waiting: Waiting[] = []
  readonly #answered = new Map<MemberId, number>()

  fork(): ReadIndex {
    const copy = new ReadIndex()
    copy.#ticket = this.#ticket
    copy.#round = this.#round
    for (const waiting of this.#waiting) copy.#waiting.push({ ...waiting })
    for (const [id, round] of this.#answered) copy.#answered.set(id, round)
    return copy
  }

  fingerprint(nameOf: (id: MemberId) => string): string {
    // Rounds and tickets as they are: answers that are still on their way name them.
    const waiting = this.#waiting.map(({ ticket, round, index }) => `${ticket}:${round}:${index}`)
    const answered = [...this.#answered].map(([id, round]) => `${nameOf(id)}:${round}`)
    return [this.#round, this.#ticket, waiting.join('+'), answered.sort().join('+')].join('/')
  }

  /** Joins the reads that wait for the next round; returns their ticket, which grows. */
  request(): number {
    const last = this.#waiting.at(-1)
    if (last !== undefined && last.round === null) return last.ticket
    this.#ticket += 1
    this.#waiting.push({ ticket: this.#ticket, round: null, index: 0 })
    return this.#ticket
  }

  /** How many tickets are to be confirmed yet. */
  get tickets(): number {
    return this.#waiting.length
  }

  /** Whether a round should be sent now: reads wait for one, and none is under way. */
  get needsRound(): boolean {
    const first = this.#waiting[0]
    return first !== undefined && first.round === null
  }

  /**
   * A round of heartbeats is about to be sent. Reads that wait are confirmed by it, unless the leader has not committed an
   * entry of its term yet (`commitIndex` null): then it does not know what is committed, and they wait for a later one.
   */
  startRound(commitIndex: number | null): number {
    this.#round += 1
    const last = this.#waiting.at(-1)
    if (last !== undefined && last.round === null && commitIndex !== null) {
      last.round = this.#round
      last.index = commitIndex
    }
    return this.#round
  }

  /** The member answered this round: so it knew of no later leader when it did. Old and repeated answers change nothing. */
  answered(from: MemberId, round: number): void {
    if (round > this.#round) return
    if (round > (this.#answered.get(from) ?? 0)) this.#answered.set(from, round)
  }

  /** Takes out what a majority has confirmed. */
  takeConfirmed(membership: Membership, self: MemberId): ConfirmedRead | null {
    const first = this.#waiting[0]
    if (first === undefined || first.round === null) return null
    const confirmed = reachedByMajority(membership, (id) => (id === self ? this.#round : (this.#answered.get(id) ?? 0)))
    let result: ConfirmedRead | null = null
    while (this.#waiting.length > 0) {
      const { ticket, round, index } = this.#waiting[0] as Waiting
      if (round === null || round > confirmed) break
      result = { ticket, index }
      this.#waiting.shift()
    }
    return result
  }
}
