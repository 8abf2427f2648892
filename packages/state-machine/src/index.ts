export type {
  Command,
  Compare,
  CompareAndSetCommand,
  DeleteCommand,
  GetStep,
  PutCommand,
  RangeRequest,
  RangeStep,
  RelationName,
  TransactionCommand,
  TransactionStep,
} from './command.js'
export { decodeCommand } from './command-decoder.js'
export { encodeCommand, encodeCompareAndSet, encodeDelete, encodePut, encodeTransaction } from './command-encoder.js'
export type { Digest } from './digest.js'
export { CommandError, type CommandErrorCode } from './errors.js'
export { KeyValueStore } from './key-value-store.js'
export {
  DEFAULT_RANGE_LIMIT,
  MAX_KEY_BYTES,
  MAX_RANGE_BYTES,
  MAX_RANGE_LIMIT,
  MAX_TRANSACTION_OPERATIONS,
  MAX_TRANSACTION_READ_BYTES,
} from './limits.js'
export type {
  CommandFailure,
  CompareAndSetResult,
  DeleteResult,
  DeleteStepResult,
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
