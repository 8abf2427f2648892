export { type MemberStatus, RaftClient } from './client.js'
export { bytes, type Codec, json, text } from './codec.js'
export { connect } from './connect.js'
export type { Entry, Page, RangeSelection } from './entry.js'
export {
  AbortedError,
  ClientError,
  ClosedError,
  CommandTooLargeError,
  ConfigurationError,
  ConnectionError,
  KeyError,
  NoLeaderError,
  OutcomeUnknownError,
  OverloadedError,
  ProtocolError,
  RefusedError,
  RequestError,
  TimeoutError,
  ValueError,
} from './errors.js'
export type { Key } from './keys.js'
export type { CallOptions, ClientOptions, ReadOptions, WriteOptions } from './options.js'
export type { Clock, Connection, ConnectionEvents, Connector } from './ports.js'
export type { Consistency } from './protocol/request.js'
export type { StatusResult } from './protocol/response.js'
export type { CompareAndSetResult, DeleteResult, PutResult } from './protocol/result.js'
export type { RangeOptions } from './range.js'
export type { ClientStatistics, RetryReason } from './statistics.js'
export { systemClock, tcpConnector } from './system.js'
export type { Condition, TransactionInput, TransactionResult, TransactionStep, TransactionStepResult } from './transaction.js'
