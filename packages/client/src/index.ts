export {
  AbortedError,
  bytes,
  type CallOptions,
  ClosedError,
  type Codec,
  CommandError,
  CommandTooLargeError,
  type Compare,
  type CompareAndSetResult,
  ConfigurationError,
  type Consistency,
  type DeleteResult,
  type Entry,
  json,
  type Key,
  KeyError,
  NoLeaderError,
  OutcomeUnknownError,
  OverloadedError,
  type Page,
  type PageOptions,
  ProtocolError,
  type PutResult,
  type RangeOptions,
  type ReadOptions,
  RefusedError,
  RequestError,
  type Step,
  type StepResult,
  type Store,
  StoreError,
  TimeoutError,
  type Transaction,
  type TransactionResult,
  text,
  ValueError,
  type WriteOptions,
} from '@raft/commands'
export { type MemberStatus, RaftClient } from './client.js'
export { connect } from './connect.js'
export { ConnectionError } from './errors.js'
export type { ClientOptions } from './options.js'
export type { Clock, Connection, ConnectionEvents, Connector } from './ports.js'
export type { StatusResult } from './protocol/response.js'
export type { ClientStatistics, RetryReason } from './statistics.js'
export { systemClock, tcpConnector } from './system.js'
