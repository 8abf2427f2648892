export { Reader, Writer } from './binary.js'
export type { Transition } from './effects.js'
export { EntryBatch, EntryKind } from './entry-batch.js'
export {
  AssertionError,
  assert,
  CommandTooLargeError,
  ConfigurationError,
  FormatError,
  NodeStoppedError,
  NotLeaderError,
  OutcomeUnknownError,
  OverloadedError,
  RaftError,
  StorageError,
  WaitAbortedError,
} from './errors.js'
export {
  type AppendEntries,
  type AppendEntriesReply,
  type Heartbeat,
  type HeartbeatReply,
  isBulk,
  type Message,
  type PreVote,
  type PreVoteReply,
  type RequestVote,
  type RequestVoteReply,
} from './message.js'
export { decodeMessage, encodedMessageLength, encodeMessage, encodeMessageInto, MESSAGE_VERSION } from './message-codec.js'
export type { Account, InflightAccount, NodeAccounts } from './node/accounts.js'
export type { WaitOptions } from './node/await-callback.js'
export { Node, type NodeEvents } from './node/node.js'
export { type DurationCallbacks, defaultLimits, type Following, type Leadership, type Limits, type NodeOptions } from './node/options.js'
export type { ProposalDone } from './node/proposals.js'
export type { ReadDone } from './node/reads.js'
export type { FollowerStatus, NodeStatus } from './node/status.js'
export type { Clock, Random } from './ports/clock.js'
export type { LogStorage, LogWrite, StoredLog } from './ports/log-storage.js'
export type { StateMachine } from './ports/state-machine.js'
export type { Transport, TransportReceiver } from './ports/transport.js'
export { completeTuning, defaultTuning, type Tuning } from './tuning.js'
export type { GroupId, HardState, Member, MemberId, RoleName, TermRun } from './types.js'
