import type { Message } from '../message.js'
import type { GroupId, Member, MemberId } from '../types.js'

/** What a group gets from its transport. Neither method throws. */
export interface TransportReceiver {
  /** A message of this group arrived from `from`, whose identity the transport has verified. Messages of those who are no members are ignored. */
  onMessage(from: MemberId, message: Message): void
  /** The system says that nobody listens at the member's address: a hint, which may be out of date or forged. */
  onUnreachable(peer: MemberId): void
}

/**
 * The port that carries Messages between members. It may lose, duplicate, delay and reorder them, but never corrupts or
 * misdelivers one. Whoever made it starts and stops it; groups attach to it. Receivers are not called from inside `send`.
 */
export interface Transport {
  /** From now on messages of `group` go to `receiver`. One receiver a group. */
  attach(group: GroupId, receiver: TransportReceiver): void

  /** The members of `group`, this one included, with their addresses. Called after `attach`, and whenever they change. */
  setMembers(group: GroupId, members: readonly Member[]): void

  /** No message of `group` is delivered or sent any more. */
  detach(group: GroupId): void

  /**
   * Sends, soon, or drops: it never throws for what the network does, and never blocks. Messages of one turn may be packed
   * together. The message's bytes are immutable, and may be kept. Messages that may be large (`isBulk`) never hold up the others.
   */
  send(to: MemberId, message: Message): void
}
