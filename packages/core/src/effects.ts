import type { EntryBatch } from './entry-batch.js'
import type { NumberedWrite } from './log/durability.js'
import type { Message } from './message.js'
import type { Member, MemberId, RoleName } from './types.js'

/** A message, and the write after which it may leave: when that is durable, and not before. 0: at once. */
export interface Outgoing {
  readonly to: MemberId
  readonly message: Message
  readonly after: number
}

/** Entries that have left memory, to be fetched from LogStorage and handed back as a `fetched` event. */
export interface Fetch {
  /** The follower that the leader fetches them for, or the member itself where they are to be applied; the event names it. */
  readonly requester: MemberId
  readonly from: number
  readonly to: number
  readonly maxBytes: number
}

/** Reads that asked under `ticket` or an earlier one may be answered once `index` is applied. */
export interface ConfirmedRead {
  readonly ticket: number
  readonly index: number
}

/** A change of role, term or leader, in the order in which they happened. */
export interface Transition {
  readonly role: RoleName
  readonly term: number
  readonly leaderId: MemberId | null
}

/**
 * The things to be done, in this order. Three interpreters carry effects out: the Driver of a Node, the explorer of `@raft/simulator`, and
 * the scripted members of core's own tests. An effect that is added here has to be added to each of them.
 */
export interface Effects {
  readonly transitions: readonly Transition[]
  /** The members of the group, this one included, for the transport: with the first effects, and whenever they have changed; else null. */
  readonly members: readonly Member[] | null
  readonly write: NumberedWrite | null
  readonly messages: readonly Outgoing[]
  readonly fetches: readonly Fetch[]
  readonly confirmedReads: readonly ConfirmedRead[]
  /** Committed and durable here; the next come after an `applied` event. */
  readonly apply: EntryBatch | null
}

/** The effects of a turn while they come together. */
export class PendingEffects {
  transitions: Transition[] = []
  members: readonly Member[] | null = null
  messages: Outgoing[] = []
  fetches: Fetch[] = []
  confirmedReads: ConfirmedRead[] = []

  fork(): PendingEffects {
    const copy = new PendingEffects()
    copy.transitions = [...this.transitions]
    copy.members = this.members
    copy.messages = [...this.messages]
    copy.fetches = [...this.fetches]
    copy.confirmedReads = [...this.confirmedReads]
    return copy
  }

  complete(write: NumberedWrite | null, apply: EntryBatch | null): Effects {
    const { transitions, members, messages, fetches, confirmedReads } = this
    return { transitions, members, write, messages, fetches, confirmedReads, apply }
  }
}
