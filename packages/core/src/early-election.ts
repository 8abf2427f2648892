import type { Membership } from './membership.js'
import type { Random } from './ports/clock.js'
import type { GroupId, MemberId } from './types.js'

export interface EarlyElectionOptions {
  readonly id: MemberId
  readonly group: GroupId
  readonly membership: Membership
  readonly random: Random
  /** How long a promised pre-vote binds, and how long the turns of all members take together, in ms. 0: no order at all. */
  readonly window: number
  /** For how long after its cause an early election goes on, in ms. */
  readonly duration: number
}

/**
 * The order among members that ask to be elected, so that they do not split the vote. Nothing here decides what is safe: an answer to
 * a pre-vote changes no term and no vote, so every answer is safe.
 *
 * - Where all ask soon, because the leader's process is gone or because they have just started, each has a turn of its own.
 * - A promised pre-vote binds for a moment: the member that holds it gets the time to win.
 * - Of two members that ask at the same time, the one whose turn is later gives way.
 */
export class EarlyElection {
  readonly #options: EarlyElectionOptions
  readonly #voters: readonly MemberId[]
  #endsAt = Number.NEGATIVE_INFINITY
  #promisedTo: MemberId | null = null
  #bindsUntil = Number.NEGATIVE_INFINITY

  constructor(options: EarlyElectionOptions) {
    this.#options = options
    const { voters, outgoing } = options.membership
    this.#voters = [...new Set([...voters, ...outgoing])].sort()
  }

  fork(): EarlyElection {
    const copy = new EarlyElection(this.#options)
    copy.#endsAt = this.#endsAt
    copy.#promisedTo = this.#promisedTo
    copy.#bindsUntil = this.#bindsUntil
    return copy
  }

  fingerprint(now: number, nameOf: (id: MemberId) => string): string {
    if (this.window === 0) return ''
    const promise = this.#promisedTo === null ? '' : `${nameOf(this.#promisedTo)}:${this.#bindsUntil - now}`
    return `${Math.max(0, this.#endsAt - now)},${promise}`
  }

  get window(): number {
    return this.#options.window
  }

  /** Its cause has come, or will at `startsAt`. */
  begin(startsAt: number): void {
    this.#endsAt = startsAt + this.#options.duration
    this.#promisedTo = null
    this.#bindsUntil = Number.NEGATIVE_INFINITY
  }

  /** Whether a member that was not elected asks again soon. */
  isUnderWay(now: number): boolean {
    return this.window > 0 && now < this.#endsAt
  }

  /**
   * After how many ms it is this member's turn to ask for `term`. Turns begin with another member in each term and group; the leader
   * that was lost has none.
   */
  turn(term: number, lostLeader: MemberId | null): number {
    const { id, random } = this.#options
    const order = this.#order(term).filter((one) => one !== lostLeader)
    const place = order.indexOf(id)
    const turnLength = this.window / Math.max(1, order.length)
    // Half of a turn stays free, so that a request arrives before the next turn begins.
    return (Math.max(0, place) + random() / 2) * turnLength
  }

  /** Whether the turn of `one` in `term` comes before that of `other`. */
  precedes(one: MemberId, other: MemberId, term: number): boolean {
    const order = this.#order(term)
    return order.indexOf(one) < order.indexOf(other)
  }

  /** @returns whether it binds: a member that asks again and again and is not elected must not keep this one from asking */
  promise(to: MemberId, now: number): boolean {
    if (to !== this.#promisedTo || now >= this.#bindsUntil + this.#options.duration) {
      this.#promisedTo = to
      this.#bindsUntil = now + this.window
    }
    return this.isBound(now)
  }

  isBound(now: number): boolean {
    return now < this.#bindsUntil
  }

  mayPromise(to: MemberId, now: number): boolean {
    return !this.isBound(now) || this.#promisedTo === to
  }

  #order(term: number): readonly MemberId[] {
    const first = (this.#options.group + term) % Math.max(1, this.#voters.length)
    return [...this.#voters.slice(first), ...this.#voters.slice(0, first)]
  }
}
