import type { State } from '../state.js'
import type { GroupId, Member, MemberId, RoleName } from '../types.js'

/** What a leader knows of a follower (Figure 2). */
export interface FollowerStatus {
  readonly id: MemberId
  readonly matchIndex: number
  readonly nextIndex: number
  readonly mode: 'probe' | 'replicate'
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

interface Waiting {
  readonly count: number
}

interface Identified {
  readonly id: MemberId
  readonly group: GroupId
  readonly role: RoleName
  readonly leaderId: MemberId | null
  readonly members: readonly Member[]
}

export function statusOf(
  node: Identified,
  state: State | null,
  proposals: Waiting & { readonly bytes: number },
  reads: Waiting,
): NodeStatus {
  const followers = [...(state?.progress ?? [])].map(([id, { matchIndex, nextIndex, mode }]) => ({ id, matchIndex, nextIndex, mode }))
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
    pendingProposals: proposals.count,
    pendingProposalBytes: proposals.bytes,
    pendingReads: reads.count,
    logWindowBytes: state?.log.windowBytes ?? 0,
    members: node.members,
    followers,
  }
}
