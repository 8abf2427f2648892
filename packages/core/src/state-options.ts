import type { Membership } from './membership.js'
import type { Random } from './ports/clock.js'
import type { Tuning } from './tuning.js'
import type { GroupId, MemberId } from './types.js'

export interface StateOptions {
  readonly id: MemberId
  readonly group: GroupId
  readonly membership: Membership
  readonly tuning: Tuning
  readonly random: Random
  /**
   * How long a promised pre-vote binds, in ms, and within which members that lost their leader take turns. 0: pre-votes are promised to
   * every member that may be elected, in any order, so that an exploration meets as many candidates as there can be. Default
   * heartbeatInterval.
   */
  readonly preVoteWindow?: number
}
