import type { CommandErrorCode } from './errors.js'

/**
 * A key as it was when it was read. Key and value are Buffers of their own, which nothing changes afterwards. As from `Buffer.from`,
 * small ones share an `ArrayBuffer` of 8 KiB.
 */
export interface KeyValue {
  /** Of `KeyValueStore.get`: the very bytes that asked, which are the caller's. */
  readonly key: Uint8Array
  readonly value: Uint8Array
  /** The store's revision when the key came to be. */
  readonly createRevision: number
  /** The store's revision when the key was last put. */
  readonly modRevision: number
  /** How often the key was put since it came to be; 1 or more. */
  readonly version: number
}

export interface PutStepResult {
  readonly type: 'put'
  readonly createRevision: number
  readonly modRevision: number
  readonly version: number
}

export interface DeleteStepResult {
  readonly type: 'delete'
  /** Whether the key existed. */
  readonly deleted: boolean
}

export interface GetStepResult {
  readonly type: 'get'
  readonly entry: KeyValue | null
}

export interface RangeStepResult {
  readonly type: 'range'
  readonly entries: readonly KeyValue[]
  /** Whether there are more keys behind the last entry, which a limit left out. */
  readonly more: boolean
}

export type StepResult = PutStepResult | DeleteStepResult | GetStepResult | RangeStepResult

export interface PutResult extends PutStepResult {
  /** The store's revision after the command; so in every result. */
  readonly revision: number
}

export interface DeleteResult extends DeleteStepResult {
  readonly revision: number
}

export interface CompareAndSetResult {
  readonly type: 'compareAndSet'
  readonly succeeded: boolean
  readonly revision: number
  /** The key's modRevision after the command: the new one, or the one that was in the way; 0 when there is no such key. */
  readonly modRevision: number
}

export interface TransactionResult {
  readonly type: 'transaction'
  /** Whether every compare held, so that `thenSteps` were carried out. */
  readonly succeeded: boolean
  readonly revision: number
  /** One for each step that was carried out, in order. */
  readonly results: readonly StepResult[]
}

/** The command could not be carried out, and has changed nothing; the same on every member. */
export interface CommandFailure {
  readonly type: 'error'
  readonly revision: number
  readonly code: CommandErrorCode
  readonly message: string
}

export type StoreResult = PutResult | DeleteResult | CompareAndSetResult | TransactionResult | CommandFailure

/** What a read beside the log answers with. */
export interface RangeResult {
  readonly entries: readonly KeyValue[]
  readonly more: boolean
  readonly revision: number
}
