/** The first byte of every command. */
export const COMMAND_VERSION = 1

/**
 * The second byte of a command and the first byte of a transaction's step. The result of each has the same number: before the result
 * of a step, and as the kind of a response of the client protocol.
 */
export const Operation = { put: 1, delete: 2, compareAndSet: 3, transaction: 4, get: 5, range: 6 } as const

/** The bytes before the fields of a command: version and operation. */
export const COMMAND_HEAD_BYTES = 2

/** The length that stands before keys, values and other bytes is a u32. */
export const LENGTH_BYTES = 4

export const CompareTarget = { value: 1, createRevision: 2, modRevision: 3, version: 4 } as const

export const CompareRelation = { equal: 1, notEqual: 2, less: 3, greater: 4 } as const

/** Flag of an encoded range: its `after` counts. */
export const RANGE_HAS_AFTER = 1

/** How what a key has must stand to the operand of a comparison. */
export type Relation = keyof typeof CompareRelation

/**
 * A comparison of exactly one of four fields of a key. A key that does not exist has 0 for its revisions and its version, and is unequal
 * to every value. In a command, keys and values are bytes; `Store` takes the keys and values of its user.
 */
export type Compare<V = Uint8Array, K = Uint8Array> = {
  readonly key: K
  /** Default `equal`. */
  readonly relation?: Relation
} & ({ readonly value: V } | { readonly createRevision: number } | { readonly modRevision: number } | { readonly version: number })

/** Which keys, in bytewise order. */
export interface Range<K = Uint8Array> {
  /** Only keys that begin with these bytes. Default, and empty: all keys. */
  readonly prefix?: K
  /** Only keys behind this one, which need not exist: the last key of the page before. Default: from the beginning. */
  readonly after?: K
  /** Maximum number of keys. Default, and 0: 1,000. One answer never has more than 10,000. */
  readonly limit?: number
}

export interface PutCommand<V = Uint8Array, K = Uint8Array> {
  readonly type: 'put'
  readonly key: K
  readonly value: V
}

export interface DeleteCommand<K = Uint8Array> {
  readonly type: 'delete'
  readonly key: K
}

export interface CompareAndSetCommand {
  readonly type: 'compareAndSet'
  readonly key: Uint8Array
  /** The modRevision that the key must have; 0: the key must not exist. */
  readonly prevRevision: number
  readonly value: Uint8Array
}

export interface GetStep<K = Uint8Array> {
  readonly type: 'get'
  readonly key: K
}

export interface RangeStep<K = Uint8Array> extends Range<K> {
  readonly type: 'range'
}

/** One step of a transaction. */
export type Step<V = Uint8Array, K = Uint8Array> = PutCommand<V, K> | DeleteCommand<K> | GetStep<K> | RangeStep<K>

export interface Transaction<V = Uint8Array, K = Uint8Array> {
  /** All must hold for `success` to be carried out; otherwise `failure` is. None: they hold. */
  readonly compare?: readonly Compare<V, K>[]
  readonly success?: readonly Step<V, K>[]
  readonly failure?: readonly Step<V, K>[]
}

export interface TransactionCommand extends Required<Transaction> {
  readonly type: 'transaction'
}

export type Command = PutCommand | DeleteCommand | CompareAndSetCommand | TransactionCommand

/** The field that is compared; undefined where there is none. */
export function targetOf(compare: object): keyof typeof CompareTarget | undefined {
  if ('version' in compare) return 'version'
  if ('modRevision' in compare) return 'modRevision'
  if ('createRevision' in compare) return 'createRevision'
  return 'value' in compare ? 'value' : undefined
}
