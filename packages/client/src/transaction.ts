import type { Codec } from './codec.js'
import { decodeEntry, type Entry, encodeRangeQuery, type RangeSelection } from './entry.js'
import { ConfigurationError } from './errors.js'
import { encodeKey, encodeValue, type Key } from './keys.js'
import { type Compare, CompareRelation, type Relation, type Step, StepKind, type Transaction } from './protocol/command.js'
import type { PutResult, StepResult, TransactionResult as WireResult } from './protocol/result.js'

/** A comparison of one key with exactly one of these fields. A key that does not exist has 0 in all but `value`. */
export type Condition<V> = { readonly key: Key /** Default `equal`. */; readonly relation?: Relation } & (
  | { readonly value: V }
  | { readonly createRevision: number }
  | { readonly modRevision: number }
  | { readonly version: number }
)

export type TransactionStep<V> =
  | { readonly put: Key; readonly value: V }
  | { readonly delete: Key }
  | { readonly get: Key }
  | { readonly range: RangeSelection }

export interface TransactionInput<V> {
  /** All must hold. None: they do. */
  readonly if?: readonly Condition<V>[]
  /** Done, in this order, if they hold. */
  readonly do?: readonly TransactionStep<V>[]
  /** Done if one does not. */
  readonly else?: readonly TransactionStep<V>[]
}

export type TransactionStepResult<V> =
  | ({ readonly kind: 'put' } & PutResult)
  | { readonly kind: 'delete'; readonly deleted: boolean }
  | { readonly kind: 'get'; readonly entry: Entry<V> | undefined }
  | { readonly kind: 'range'; readonly entries: readonly Entry<V>[]; readonly more: boolean }

export interface TransactionResult<V> {
  /** Of the store, after the transaction. */
  readonly revision: number
  /** Whether all conditions held: then `results` are of the steps of `do`, otherwise of `else`. */
  readonly succeeded: boolean
  readonly results: readonly TransactionStepResult<V>[]
}

const FIELDS = ['value', 'createRevision', 'modRevision', 'version'] as const
const STEPS = ['put', 'delete', 'get', 'range'] as const

/** @throws KeyError, ValueError, ConfigurationError for what cannot be a transaction. */
export function encodeTransactionInput<V>(input: TransactionInput<V>, codec: Codec<V>, maxValueBytes: number): Transaction {
  const step = (one: TransactionStep<V>) => encodeStep(one, codec, maxValueBytes)
  return {
    compare: (input.if ?? []).map((condition) => encodeCondition(condition, codec, maxValueBytes)),
    success: (input.do ?? []).map(step),
    failure: (input.else ?? []).map(step),
  }
}

export function decodeTransactionOutput<V>(result: WireResult, codec: Codec<V>): TransactionResult<V> {
  return { revision: result.revision, succeeded: result.succeeded, results: result.results.map((step) => decodeStep(step, codec)) }
}

function encodeCondition<V>(condition: Condition<V>, codec: Codec<V>, maxValueBytes: number): Compare {
  only(FIELDS, condition, 'a condition')
  const relation = condition.relation ?? 'equal'
  if (!Object.hasOwn(CompareRelation, relation)) throw new ConfigurationError(`relation: unknown ${String(relation)}`)
  const key = encodeKey(condition.key)
  if ('value' in condition) return { target: 'value', relation, key, operand: encodeValue(codec, condition.value, maxValueBytes) }
  if ('createRevision' in condition) return { target: 'createRevision', relation, key, operand: revision(condition.createRevision) }
  if ('modRevision' in condition) return { target: 'modRevision', relation, key, operand: revision(condition.modRevision) }
  return { target: 'version', relation, key, operand: revision(condition.version) }
}

function encodeStep<V>(step: TransactionStep<V>, codec: Codec<V>, maxValueBytes: number): Step {
  only(STEPS, step, 'a step')
  if ('put' in step) return { kind: StepKind.Put, key: encodeKey(step.put), value: encodeValue(codec, step.value, maxValueBytes) }
  if ('delete' in step) return { kind: StepKind.Delete, key: encodeKey(step.delete) }
  if ('get' in step) return { kind: StepKind.Get, key: encodeKey(step.get) }
  return { kind: StepKind.Range, range: encodeRangeQuery(step.range) }
}

function decodeStep<V>(step: StepResult, codec: Codec<V>): TransactionStepResult<V> {
  switch (step.kind) {
    case StepKind.Put:
      return { kind: 'put', createRevision: step.createRevision, modRevision: step.modRevision, version: step.version }
    case StepKind.Delete:
      return { kind: 'delete', deleted: step.deleted }
    case StepKind.Get:
      return { kind: 'get', entry: step.entry === null ? undefined : decodeEntry(step.entry, codec) }
    case StepKind.Range:
      return { kind: 'range', entries: step.entries.map((entry) => decodeEntry(entry, codec)), more: step.more }
  }
}

function only(names: readonly string[], value: object, what: string): void {
  const count = names.filter((name) => name in value && !(name === 'value' && 'put' in value)).length
  if (count !== 1) throw new ConfigurationError(`${what} needs exactly one of ${names.join(', ')}`)
}

/** @throws ConfigurationError unless it is a safe integer of 0 or more. */
export function revision(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new ConfigurationError(`a revision is a whole number of 0 or more, not ${String(value)}`)
  return value
}
