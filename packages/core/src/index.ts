export { Reader, Writer } from './binary.js'
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
  decodeMessage,
  encodedMessageLength,
  encodeMessage,
  encodeMessageInto,
  type Heartbeat,
  type HeartbeatReply,
  MESSAGE_VERSION,
  type Message,
  type PreVote,
  type PreVoteReply,
  type RequestVote,
  type RequestVoteReply,
} from './message.js'
export type { Clock, Random } from './ports/clock.js'
export type { LogStorage, LogWrite, StoredLog } from './ports/log-storage.js'
export type { StateMachine } from './ports/state-machine.js'
export type { Transport, TransportReceiver } from './ports/transport.js'
export type { GroupId, HardState, Member, MemberId, RoleName, TermRun } from './types.js'
