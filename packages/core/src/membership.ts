import { ConfigurationError } from './errors.js'
import type { Member, MemberId } from './types.js'

/** Who takes part, and how. Immutable. A joint configuration (paper §6) has `outgoing` voters; both halves must agree then. */
export interface Membership {
  readonly voters: readonly MemberId[]
  /** The voters of the configuration that is being left; empty unless joint. */
  readonly outgoing: readonly MemberId[]
  /** They receive entries and are not counted. */
  readonly learners: readonly MemberId[]
  /** All of the above, with their addresses. */
  readonly members: ReadonlyMap<MemberId, Member>
}

/** The membership with which a cluster begins: all members vote. @throws ConfigurationError */
export function initialMembership(members: readonly Member[], self: MemberId): Membership {
  const byId = new Map(members.map((member) => [member.id, member]))
  if (members.length === 0) throw new ConfigurationError('members: at least one member is needed')
  if (byId.size !== members.length) throw new ConfigurationError('members: every member needs an id of its own')
  for (const id of byId.keys()) checkId(id)
  if (!byId.has(self)) throw new ConfigurationError(`members: ${self} is not among ${[...byId.keys()].join(', ')}`)
  return { voters: [...byId.keys()], outgoing: [], learners: [], members: byId }
}

/** Ids that become the same bytes would be one member to the others. */
function checkId(id: MemberId): void {
  if (typeof id !== 'string' || id === '' || !id.isWellFormed())
    throw new ConfigurationError(`members: the id ${JSON.stringify(id)} must be text that is not empty, and without lone surrogates`)
}

/** Whether the member's vote counts. */
export function isVoter(membership: Membership, id: MemberId): boolean {
  return membership.voters.includes(id) || membership.outgoing.includes(id)
}

/** Everybody but `self`. */
export function peersOf(membership: Membership, self: MemberId): MemberId[] {
  return [...membership.members.keys()].filter((id) => id !== self)
}
