/** `@raft/core/state`: for those who drive a State themselves, to simulate it, to explore it, or in a runtime of their own. */
export type { ConfirmedRead, Effects, Fetch, Outgoing } from './effects.js'
export type { Event } from './events.js'
export type { NumberedWrite } from './log/durability.js'
export { initialMembership, type Membership } from './membership.js'
export { State } from './state.js'
export type { StateOptions } from './state-options.js'
