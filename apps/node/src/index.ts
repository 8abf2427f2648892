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
export { nodeClock, nodeRandom } from '@raft/system'
export { type ConfigSources, loadConfig, type MemberConfig, type Settings } from './config/load.js'
export type { StorageName } from './config/schema.js'
export { createNode } from './create-node.js'
export { StartError } from './errors.js'
export type { CreateNodeOptions, LocalStore, MemberAddresses, NodeLogger } from './options.js'
export type { RaftNode } from './raft-node.js'
