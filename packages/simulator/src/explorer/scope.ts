import type { StoredLog } from '@raft/core'
import type { State, StateOptions } from '@raft/core/state'

/** How much of everything there is in an exploration: every order of it is looked at. */
export interface Scope {
  /** How many members; up to 6. */
  readonly members: number
  /** Nobody goes beyond this term: where somebody would, the path ends. */
  readonly maxTerm: number
  /** How often, all together, a member that does not lead has waited long enough to do something about it. */
  readonly timeouts: number
  /** How often, all together, a leader's heartbeat is due. */
  readonly heartbeats: number
  /** Commands that clients give to whoever leads. */
  readonly proposals: number
  /** Linearizable reads that they ask of whoever leads. */
  readonly reads: number
  /** Losses of power, each with a restart; the write that is under way then is there, or it is not. */
  readonly crashes: number
  /** Messages that arrive and stay on their way as well. */
  readonly duplications: number
  /** Whether a write takes time, in which anything may happen, or is done at once. */
  readonly writes: 'slow' | 'instant'
}

/** What there is where a scope does not say so: three members, up to term 2, to whom nothing happens. */
export const emptyScope: Scope = {
  members: 3,
  maxTerm: 2,
  timeouts: 0,
  heartbeats: 0,
  proposals: 0,
  reads: 0,
  crashes: 0,
  duplications: 0,
  writes: 'instant',
}

/** What the scope's members and surroundings do that they must not: to see that it is found. */
export interface Faults {
  /** A restarted member has forgotten for whom it voted. */
  readonly forgetsVotes?: boolean
  /** Writes are said to be durable that a crash takes back. */
  readonly losesWrites?: boolean
  /** Messages may come to somebody else. */
  readonly misdelivers?: boolean
}

export type CreateState = (options: StateOptions, stored: StoredLog, lastApplied: number, now: number) => State
