import type { EntryBatch } from './entry-batch.js'
import type { GroupId } from './types.js'

/**
 * What members say to one another. The sender is not in the message: the transport has authenticated it. Fields are named
 * as in Figure 2 of the Raft paper.
 */
export type Message =
  | PreVote
  | PreVoteReply
  | RequestVote
  | RequestVoteReply
  | AppendEntries
  | AppendEntriesReply
  | Heartbeat
  | HeartbeatReply

interface Common {
  readonly group: GroupId
  readonly term: number
}

/** Would you vote for me in `term`, one above my own? Changes nobody's term or vote (thesis §9.6). */
export interface PreVote extends Common {
  readonly type: 'preVote'
  readonly lastLogIndex: number
  readonly lastLogTerm: number
}

/** `term` is the one asked about when granted, else the term of the member that answers. */
export interface PreVoteReply extends Common {
  readonly type: 'preVoteReply'
  readonly voteGranted: boolean
}

export interface RequestVote extends Common {
  readonly type: 'requestVote'
  readonly lastLogIndex: number
  readonly lastLogTerm: number
}

export interface RequestVoteReply extends Common {
  readonly type: 'requestVoteReply'
  readonly voteGranted: boolean
}

export interface AppendEntries extends Common {
  readonly type: 'appendEntries'
  readonly prevLogIndex: number
  readonly prevLogTerm: number
  readonly leaderCommit: number
  /** Begins at `prevLogIndex + 1`; may be empty. */
  readonly entries: EntryBatch
}

export interface AppendEntriesReply extends Common {
  readonly type: 'appendEntriesReply'
  readonly success: boolean
  /** The `prevLogIndex` that is answered when refused. When accepted, equal to `matchIndex`. */
  readonly prevLogIndex: number
  /**
   * When accepted, `prevLogIndex` + number of entries: what was verified against this leader and is durable. When
   * refused, the last index at which the sender may agree with the leader.
   */
  readonly matchIndex: number
  /** When refused, the sender's term at `matchIndex`. When accepted, 0. */
  readonly matchTerm: number
}

/** Says that the leader leads, and how far it has committed; carries no entries, so that it is always small. */
export interface Heartbeat extends Common {
  readonly type: 'heartbeat'
  /** At most the receiver's matchIndex. */
  readonly leaderCommit: number
  /** The leader's own count of its rounds, by which reads are confirmed. */
  readonly round: number
}

export interface HeartbeatReply extends Common {
  readonly type: 'heartbeatReply'
  readonly round: number
}

/**
 * Whether a message may be large. A transport sends such messages apart from all others, so that votes, heartbeats and
 * acknowledgements never wait behind them.
 */
export function isBulk(message: Message): boolean {
  return message.type === 'appendEntries' && message.entries.count > 0
}
