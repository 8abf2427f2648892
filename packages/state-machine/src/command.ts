/** The first byte of every command. */
export const COMMAND_VERSION = 1

/** The second byte of every command. */
export const Operation = { Put: 1, Delete: 2, CompareAndSet: 3, Transaction: 4 } as const

/** The first byte of every step of a transaction. */
export const Step = { Put: 1, Delete: 2, Get: 5, Range: 6 } as const

export const Target = { value: 1, createRevision: 2, modRevision: 3, version: 4 } as const

export const Relation = { equal: 1, notEqual: 2, less: 3, greater: 4 } as const

/** Flag of an encoded range: its `after` counts. */
export const RANGE_HAS_AFTER = 1

export type RelationName = keyof typeof Relation

/** What holds of a key; one that does not exist has revisions and version 0, and is unequal to every value. */
export type Compare =
  | { readonly target: 'value'; readonly relation: RelationName; readonly key: Uint8Array; readonly operand: Uint8Array }
  | {
      readonly target: 'createRevision' | 'modRevision' | 'version'
      readonly relation: RelationName
      readonly key: Uint8Array
      readonly operand: number
    }

export interface RangeRequest {
  /** Keys that begin with these bytes; all keys when left out or empty. */
  readonly prefix?: Uint8Array
  /** Only keys behind this one, which need not exist: the last key of the page before. From the beginning when left out. */
  readonly after?: Uint8Array
  /** How many keys at most; 1000 when left out or 0, never more than 10,000. */
  readonly limit?: number
}

export interface PutCommand {
  readonly type: 'put'
  readonly key: Uint8Array
  readonly value: Uint8Array
}

export interface DeleteCommand {
  readonly type: 'delete'
  readonly key: Uint8Array
}

export interface CompareAndSetCommand {
  readonly type: 'compareAndSet'
  readonly key: Uint8Array
  /** The key's modRevision; 0 when it must not exist. */
  readonly prevRevision: number
  readonly value: Uint8Array
}

export interface TransactionCommand {
  readonly type: 'transaction'
  /** All must hold for `thenSteps` to be carried out; otherwise `elseSteps` are. */
  readonly compares: readonly Compare[]
  readonly thenSteps: readonly TransactionStep[]
  readonly elseSteps: readonly TransactionStep[]
}

export interface GetStep {
  readonly type: 'get'
  readonly key: Uint8Array
}

export interface RangeStep extends RangeRequest {
  readonly type: 'range'
}

export type TransactionStep = PutCommand | DeleteCommand | GetStep | RangeStep

export type Command = PutCommand | DeleteCommand | CompareAndSetCommand | TransactionCommand
