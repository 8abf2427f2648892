/** The name of a member: unique in its cluster, and never used again once the member is removed. 1 to 255 bytes of UTF-8. */
export type MemberId = string

/** Which Raft group a message or record belongs to, so that one process can run many. A u32; 0 unless told otherwise. */
export type GroupId = number

/** A member and where it is reached. The keys of `addresses` are the owner's; `apps/node` uses `peer` and `client`. */
export interface Member {
  readonly id: MemberId
  readonly addresses: Readonly<Record<string, string>>
}

/** What every member must remember across a crash; always written together (Figure 2, persistent state). */
export interface HardState {
  /** Latest term that this member has seen. 0 at first boot; never falls. */
  readonly currentTerm: number
  /** The candidate that received this member's vote in `currentTerm`, or null. */
  readonly votedFor: MemberId | null
}

/** From `firstIndex` on, entries are of `term`, up to the next run. */
export interface TermRun {
  readonly firstIndex: number
  readonly term: number
}

export type RoleName = 'follower' | 'preCandidate' | 'candidate' | 'leader'
