import type { CommandErrorCode } from './errors.js'

/** A key as it was when it was read, in bytes. */
export interface KeyValue {
  readonly key: Uint8Array
  readonly value: Uint8Array
  /** The store's revision when the key came to be. */
  readonly createRevision: number
  /** The store's revision when the key was last put. */
  readonly modRevision: number
  /** Number of times that the key was put since it came to be; 1 or more. */
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

export interface GetStepResult<E = KeyValue> {
  readonly type: 'get'
  /** Null when the key does not exist. */
  readonly entry: E | null
}

export interface RangeStepResult<E = KeyValue> {
  readonly type: 'range'
  readonly entries: readonly E[]
  /** Whether there are more keys behind the last entry, which a limit left out. */
  readonly more: boolean
}

export type StepResult<E = KeyValue> = PutStepResult | DeleteStepResult | GetStepResult<E> | RangeStepResult<E>

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

export interface TransactionResult<E = KeyValue> {
  readonly type: 'transaction'
  /** Whether every comparison held, so that `success` was carried out. */
  readonly succeeded: boolean
  readonly revision: number
  /** One for each step that was carried out, in order. */
  readonly results: readonly StepResult<E>[]
}

/** What a command came to that was carried out. */
export type CommandResult = PutResult | DeleteResult | CompareAndSetResult | TransactionResult

/** The command could not be carried out, and has changed nothing; the same on every member. */
export interface CommandFailure {
  readonly type: 'error'
  readonly revision: number
  readonly code: CommandErrorCode
  readonly message: string
}

export type StoreResult = CommandResult | CommandFailure

/** What a read of one key beside the log answers with. */
export interface GetResult<E = KeyValue> {
  readonly revision: number
  readonly entry: E | null
}

/** What a read of a range beside the log answers with. */
export interface RangeResult<E = KeyValue> {
  /** Of the store, when it was read. */
  readonly revision: number
  readonly entries: readonly E[]
  /** Whether there are more keys behind the last entry, which a limit left out. */
  readonly more: boolean
}
