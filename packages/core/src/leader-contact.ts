import type { MemberId } from './types.js'

/**
 * Which leader a member follows, and when it last heard one. These are two facts. A hint that the leader is gone may make the member
 * forget the first (`follow(null)`), and then it may vote again. Nothing but time ends the second, on which a leader's lease can rest.
 */
export class LeaderContact {
  readonly #electionTimeout: number
  #leaderId: MemberId | null = null
  #heardAt = Number.NEGATIVE_INFINITY

  constructor(electionTimeout: number) {
    this.#electionTimeout = electionTimeout
  }

  fork(): LeaderContact {
    const copy = new LeaderContact(this.#electionTimeout)
    copy.#leaderId = this.#leaderId
    copy.#heardAt = this.#heardAt
    return copy
  }

  fingerprint(now: number, nameOf: (id: MemberId) => string): string {
    return `${this.#leaderId === null ? '' : nameOf(this.#leaderId)}|${this.#heardAt - now}`
  }

  /** The leader of the current term, where the member knows it; the member itself while it leads. */
  get leaderId(): MemberId | null {
    return this.#leaderId
  }

  follow(leaderId: MemberId | null): void {
    this.#leaderId = leaderId
  }

  /** The leader has spoken. */
  heard(now: number): void {
    this.#heardAt = now
  }

  /** For how long the leader has been silent, in ms. */
  silence(now: number): number {
    return now - this.#heardAt
  }

  /** Whether a leader was heard within the shortest election timeout, whether or not the member still follows it. */
  heardLately(now: number): boolean {
    return this.silence(now) < this.#electionTimeout
  }

  /** Whether the member, which is `self`, leads or hears the leader that it follows. */
  hearsLeader(now: number, self: MemberId): boolean {
    return this.#leaderId === self || (this.#leaderId !== null && this.heardLately(now))
  }
}
