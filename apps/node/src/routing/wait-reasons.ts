import type { Member, MemberId } from '@raft/core'

/** The facts about the connection from this member to the leader that it knows. */
export interface WayToLeader {
  readonly self: MemberId
  readonly leader: Member
  /** Why the leader cannot be reached; null while nothing is known to be wrong. */
  readonly trouble: string | null
  readonly isConnected: boolean
}

/** Why a request to a leader that is known has waited in vain. One line. */
export function whyNotServed({ self, leader, trouble, isConnected }: WayToLeader): string {
  if (leader.id === self) return 'this member leads, but a majority of the members does not confirm it in time'
  if (trouble !== null) return trouble
  if (isConnected) return `${leader.id} leads, and has not answered in time`
  const { client } = leader.addresses
  return `${leader.id} leads, but there is no connection to its client address ${client} yet`
}

/** @param problem how the last connection to the leader has failed */
export function unreachable(leader: Member, problem: string): string {
  return `${leader.id} leads, but takes no requests from here: ${problem}`
}
