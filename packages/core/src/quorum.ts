import type { Membership } from './membership.js'
import type { MemberId } from './types.js'

/** How many of `n` are a majority: more than half, the member itself counted like any other. */
export function majority(n: number): number {
  return Math.floor(n / 2) + 1
}

export type VoteResult = 'won' | 'lost' | 'pending'

/** What the votes say so far. In a joint configuration both halves must be won, and one that is lost loses (paper §6). */
export function countVotes(membership: Membership, votes: ReadonlyMap<MemberId, boolean>): VoteResult {
  const results = halves(membership).map((voters) => countHalf(voters, votes))
  if (results.includes('lost')) return 'lost'
  return results.every((result) => result === 'won') ? 'won' : 'pending'
}

/**
 * The largest number that a majority of the voters has reached, of both halves where there are two: the index that may be
 * committed, the round that is confirmed, the time since which a majority has been heard.
 */
export function reachedByMajority(membership: Membership, reached: (id: MemberId) => number): number {
  const { voters, outgoing } = membership
  const byVoters = reachedByHalf(voters, reached)
  return outgoing.length === 0 ? byVoters : Math.min(byVoters, reachedByHalf(outgoing, reached))
}

function halves(membership: Membership): (readonly MemberId[])[] {
  return membership.outgoing.length === 0 ? [membership.voters] : [membership.voters, membership.outgoing]
}

function countHalf(voters: readonly MemberId[], votes: ReadonlyMap<MemberId, boolean>): VoteResult {
  let granted = 0
  let refused = 0
  for (const id of voters) {
    const vote = votes.get(id)
    if (vote === true) granted += 1
    if (vote === false) refused += 1
  }
  const needed = majority(voters.length)
  if (granted >= needed) return 'won'
  return voters.length - refused < needed ? 'lost' : 'pending'
}

function reachedByHalf(voters: readonly MemberId[], reached: (id: MemberId) => number): number {
  return kthLargest(voters, reached, majority(voters.length))
}

/** The k-th largest of the members' numbers. They are few and counted with each acknowledgement, so they are sorted by insertion into one array. */
function kthLargest(ids: readonly MemberId[], numberOf: (id: MemberId) => number, k: number): number {
  const descending: number[] = []
  for (const id of ids) {
    const value = numberOf(id)
    let at = descending.length
    for (; at > 0 && (descending[at - 1] as number) < value; at--) descending[at] = descending[at - 1] as number
    descending[at] = value
  }
  return descending[k - 1] as number
}
