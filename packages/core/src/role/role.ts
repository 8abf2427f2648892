import type { EntryBatch } from '../entry-batch.js'
import type { Message, PreVote } from '../message.js'
import type { Progress } from '../progress.js'
import type { RoleContext } from '../role-context.js'
import type { MemberId, RoleName } from '../types.js'

/**
 * The behaviour of a State at the moment. State has already dealt with what is the same in all roles: messages of other terms, and
 * requests for votes. A role does nothing where it has no use for what happens.
 */
export abstract class Role {
  abstract readonly name: RoleName
  /** What the leader knows of each follower; null in every other role. */
  readonly progress: ReadonlyMap<MemberId, Progress> | null = null
  /** The index of the no-op with which a leader's term begins; null in every other role. */
  readonly termStartIndex: number | null = null
  protected readonly state: RoleContext

  constructor(state: RoleContext) {
    this.state = state
  }

  /** The same role, of a copied State. */
  abstract fork(state: RoleContext): Role

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

  /** A message of the current term that asks for no vote. AppendEntries and heartbeats are of the leader, whom the member follows. */
  abstract receive(from: MemberId, message: Message): void

  /** Appends commands and returns the index of the first; null where the member does not lead. */
  propose(_commands: readonly Uint8Array[]): number | null {
    return null
  }
  /** Asks for a confirmed read index and returns the ticket under which it will come; null where the member does not lead. */
  read(): number | null {
    return null
  }
  /** Whether another member may have this one's pre-vote, where nothing else speaks against it. */
  givesWayTo(_rival: MemberId, _message: PreVote): boolean {
    return true
  }
  /** Another member has this one's pre-vote, and gets the time to win. */
  promised(): void {}
  /** Another member has this one's vote, and gets the time to win. */
  voteGranted(): void {}
  /** The leader that the member follows leads no more: the next one is to be elected soon. */
  leaderLost(): void {}
  /** The system says that nobody listens at the peer's address. */
  unreachable(_peer: MemberId): void {}
  /** A write has become durable. */
  written(): void {}
  /** Entries that were fetched from storage for a follower; empty where the log has replaced them meanwhile. */
  fetched(_follower: MemberId, _entries: EntryBatch): void {}
  /** All events of this turn have been seen: say once what they come to. */
  flush(): void {}
}
