export { decodeUtf8, getU32, putU32, Reader, Writer } from './binary.js'
export {
  AbortedError,
  ClosedError,
  CommandTooLargeError,
  ConfigurationError,
  KeyError,
  NoLeaderError,
  OutcomeUnknownError,
  OverloadedError,
  RefusedError,
  TimeoutError,
  ValueError,
} from './call-errors.js'
export { bytes, type Codec, json, text } from './codec.js'
export {
  COMMAND_HEAD_BYTES,
  COMMAND_VERSION,
  type Command,
  type Compare,
  type CompareAndSetCommand,
  CompareRelation,
  CompareTarget,
  type DeleteCommand,
  type GetStep,
  LENGTH_BYTES,
  Operation,
  type PutCommand,
  type Range,
  type RangeStep,
  type Relation,
  type Step,
  type Transaction,
  type TransactionCommand,
  targetOf,
} from './command.js'
export { CommandDecoder, decodeCommand, readRange } from './decode-command.js'
export { encodeCommand, encodeCompareAndSet, encodeDelete, encodePut, encodeTransaction, rangeBytes, writeRange } from './encode-command.js'
export { type Answer, EncodedStore, type EncodingOptions, type WriteOperation } from './encoded-store.js'
export type { Entry, Page } from './entry.js'
export { CommandError, type CommandErrorCode, ProtocolError, RequestError, StoreError } from './errors.js'
export type { Key } from './keys.js'
export {
  DEFAULT_RANGE_LIMIT,
  ENTRY_OVERHEAD_BYTES,
  MAX_KEY_BYTES,
  MAX_RANGE_BYTES,
  MAX_RANGE_LIMIT,
  MAX_TRANSACTION_OPERATIONS,
  MAX_TRANSACTION_READ_BYTES,
} from './limits.js'
export {
  type CallOptions,
  type Consistency,
  ConsistencyCode,
  checkConsistency,
  checkSignal,
  checkTimeout,
  positive,
  type ReadOptions,
  type WriteOptions,
} from './options.js'
export type { PageOptions, RangeOptions } from './pages.js'
export type {
  CommandFailure,
  CommandResult,
  CompareAndSetResult,
  DeleteResult,
  DeleteStepResult,
  GetResult,
  GetStepResult,
  KeyValue,
  PutResult,
  PutStepResult,
  RangeResult,
  RangeStepResult,
  StepResult,
  StoreResult,
  TransactionResult,
} from './result.js'
export { decodeCommandResult, decodeResult, encodeGetResult, encodeRangeResult, encodeResult, type Results } from './result-codec.js'
export type { Store } from './store.js'
