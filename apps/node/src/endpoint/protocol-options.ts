import type { ServerIdentity, StatusResult } from '@raft/client/protocol'
import type { StoreResult } from '@raft/commands'
import type { Clock, Node } from '@raft/core'
import type { Account } from '../account.js'
import type { Proposer, ReadableStore } from '../store/key-value-service.js'

export interface ProtocolConnectionOptions {
  readonly identity: ServerIdentity
  readonly node: Proposer
  readonly store: ReadableStore
  readonly status: () => StatusResult
  readonly clock: Clock
  /** Answers that wait for a slow client before no more of its requests are read, in bytes. */
  readonly maxOutgoingBytes: number
  /**
   * Bytes held for this connection, requests and results, before no more of its requests are read. No request is refused because of it,
   * but the result of a command is where results of so many bytes wait already for a client that takes no answers.
   */
  readonly maxConnectionBytes: number
  /** Bytes that the member holds for all its clients. */
  readonly account: Account
  /** Requests under way before no more are read. */
  readonly maxPending: number
  /** A frame that is larger is thrown away as it comes, and its request refused. */
  readonly maxFrameBytes: number
  /** The largest request, in bytes, as clients are told. */
  readonly maxRequestBytes: number
  readonly onProtocolError: (error: Error) => void
}

/** Answers that wait for one slow client before no more of its requests are read. */
const MAX_OUTGOING_BYTES = 4 * 1024 * 1024
/** Maximum number of bytes held for a connection. It is more than one answer of the largest size together with its request. */
const MAX_CONNECTION_BYTES = 32 * 1024 * 1024
/** Requests of one connection under way before no more are read. */
const MAX_PENDING_PER_CONNECTION = 16_384
/** Room in a frame beside its largest command. */
const FRAME_OVERHEAD_BYTES = 256 * 1024

/** The member whose clients connect. */
export interface ServedMember {
  readonly node: Node<StoreResult>
  readonly store: ReadableStore
  readonly clusterId: string
  readonly clock: Clock
  /** In bytes. */
  readonly maxValueBytes: number
  /** What the member holds for its clients. */
  readonly account: Account
}

/** How the member speaks the client protocol. */
export function protocolOptions(
  member: ServedMember,
  events: Pick<ProtocolConnectionOptions, 'onProtocolError'>,
): ProtocolConnectionOptions {
  const { node, store, clusterId, clock, maxValueBytes, account } = member
  return {
    ...events,
    identity: { memberId: node.id, clusterId },
    node,
    store,
    clock,
    status: () => protocolStatus(member),
    maxOutgoingBytes: MAX_OUTGOING_BYTES,
    maxConnectionBytes: MAX_CONNECTION_BYTES,
    account,
    maxPending: MAX_PENDING_PER_CONNECTION,
    maxFrameBytes: maxCommandBytes(maxValueBytes) + FRAME_OVERHEAD_BYTES,
    maxRequestBytes: maxCommandBytes(maxValueBytes),
  }
}

/** The largest command: a value of the largest size, its key, and room for a transaction around it. */
export function maxCommandBytes(maxValueBytes: number): number {
  return 2 * maxValueBytes + 256 * 1024
}

function protocolStatus({ node, store, clusterId }: ServedMember): StatusResult {
  const status = node.status()
  return {
    memberId: node.id,
    clusterId,
    role: status.role,
    term: status.currentTerm,
    leaderId: status.leaderId,
    commitIndex: status.commitIndex,
    appliedIndex: status.lastApplied,
    revision: store.revision,
    members: status.members,
  }
}
