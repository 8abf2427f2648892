import type { State } from '../state.js'
import type { GroupId, Member, MemberId, RoleName } from '../types.js'

/** What a leader knows of a follower (Figure 2). */
export interface FollowerStatus {
  readonly id: MemberId
  readonly matchIndex: number
  readonly nextIndex: number
  readonly mode: 'probe' | 'replicate'
  /** Entries of the leader's log that are not known to be durable on the follower: `lastLogIndex - matchIndex`. Above 0 for a moment with each write. */
  readonly lag: number
  /** How long ago the follower has answered last, in ms; null when it has answered nothing since this member leads. */
  readonly heardAgo: number | null
}

/** A member at a glance; a copy that does not change. */
export interface NodeStatus {
  readonly id: MemberId
  readonly group: GroupId
  readonly role: RoleName
  readonly leaderId: MemberId | null
  readonly currentTerm: number
  readonly votedFor: MemberId | null
  readonly lastLogIndex: number
  readonly lastLogTerm: number
  readonly durableIndex: number
  readonly commitIndex: number
  /** The last index of which this member has heard that it is committed: above `commitIndex` while entries are yet to come here. */
  readonly knownCommitIndex: number
  readonly lastApplied: number
  readonly pendingProposals: number
  readonly pendingProposalBytes: number
  readonly pendingReads: number
  /** Bytes of entries kept in memory. */
  readonly logWindowBytes: number
  readonly members: readonly Member[]
  /** Empty unless this member leads. */
  readonly followers: readonly FollowerStatus[]
}

/** The proposals and reads that wait for their outcome at this member. */
export interface Pending {
  readonly proposals: number
  readonly proposalBytes: number
  readonly reads: number
}

interface Identified {
  readonly id: MemberId
  readonly group: GroupId
  readonly role: RoleName
  readonly leaderId: MemberId | null
  readonly members: readonly Member[]
}

/** @param now in ms, by the clock that State is given */
export function statusOf(node: Identified, state: State | null, pending: Pending | undefined, now: number): NodeStatus {
  return {
    id: node.id,
    group: node.group,
    role: node.role,
    leaderId: node.leaderId,
    currentTerm: state?.currentTerm ?? 0,
    votedFor: state?.votedFor ?? null,
    lastLogIndex: state?.log.lastIndex ?? 0,
    lastLogTerm: state?.log.lastTerm ?? 0,
    durableIndex: state?.log.durableIndex ?? 0,
    commitIndex: state?.commitIndex ?? 0,
    knownCommitIndex: state?.knownCommitIndex ?? 0,
    lastApplied: state?.lastApplied ?? 0,
    pendingProposals: pending?.proposals ?? 0,
    pendingProposalBytes: pending?.proposalBytes ?? 0,
    pendingReads: pending?.reads ?? 0,
    logWindowBytes: state?.log.windowBytes ?? 0,
    members: node.members,
    followers: state === null ? [] : followersOf(state, now),
  }
}

function followersOf({ progress, log }: State, now: number): FollowerStatus[] {
  return [...(progress ?? [])].map(([id, { matchIndex, nextIndex, mode, hasAnswered, heardAt }]) => ({
    id,
    matchIndex,
    nextIndex,
    mode,
    lag: log.lastIndex - matchIndex,
    heardAgo: hasAnswered ? Math.max(0, now - heardAt) : null,
  }))
}
