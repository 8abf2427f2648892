import type { EntryBatch } from '../entry-batch.js'
import type { AppendEntries, AppendEntriesReply, Heartbeat, HeartbeatReply, PreVote, PreVoteReply, RequestVoteReply } from '../message.js'
import type { State } from '../state.js'
import type { MemberId, RoleName } from '../types.js'

/**
 * The behaviour of a State at the moment. State has already dealt with what is the same in all roles: messages of other
 * terms, and requests for votes. What comes here is of the current term; what a role has no use for, it ignores.
 */
export abstract class Role {
  abstract readonly name: RoleName
  protected readonly state: State

  constructor(state: State) {
    this.state = state
  }

  /** The same role, of a copied State. */
  abstract fork(state: State): Role

  /** All that decides the role's future behaviour, times relative to now. */
  abstract fingerprint(nameOf: (id: MemberId) => string): string

  /** When `tick` has something to do, in ms. */
  abstract get deadline(): number

  /** The first entry that it may have to send to a member that keeps up; Infinity where there is none. */
  get neededFrom(): number {
    return Number.POSITIVE_INFINITY
  }

  /** When the member will ask to be elected; null for a leader. */
  abstract get electionDeadline(): number | null

  abstract tick(): void

  /** The leader of this term, whom the member follows, has spoken. */
  appendEntries(_from: MemberId, _message: AppendEntries): void {}
  heartbeat(_from: MemberId, _message: Heartbeat): void {}

  appendEntriesReply(_from: MemberId, _message: AppendEntriesReply): void {}
  heartbeatReply(_from: MemberId, _message: HeartbeatReply): void {}
  /** A refusal of this term, or a vote promised for the next. */
  preVoteReply(_from: MemberId, _message: PreVoteReply): void {}
  requestVoteReply(_from: MemberId, _message: RequestVoteReply): void {}
  /** Whether another member may have this one's pre-vote, where nothing else speaks against it. */
  givesWayTo(_rival: MemberId, _message: PreVote): boolean {
    return true
  }
  /** Another member has this one's pre-vote, and gets the time to win. */
  promised(): void {}
  unreachable(_peer: MemberId): void {}
  /** A write has become durable. */
  written(): void {}
  entriesRead(_reader: MemberId, _entries: EntryBatch): void {}
  /** All events of this turn have been seen: say once what they come to. */
  flush(): void {}
}
