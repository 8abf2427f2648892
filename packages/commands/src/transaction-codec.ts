import { ConfigurationError } from './call-errors.js'
import type { Codec } from './codec.js'
import { type Compare, CompareRelation, CompareTarget, type Step, type Transaction } from './command.js'
import { decodeEntry, type Entry, encodeRange } from './entry.js'
import { encodeKey, encodeValue, type Key } from './keys.js'
import type { StepResult, TransactionResult } from './result.js'

/** Keys and values as bytes. @throws KeyError, ValueError, ConfigurationError for what cannot be a transaction. */
export function encodeTransactionInput<V>(input: Transaction<V, Key>, codec: Codec<V>, maxValueBytes: number): Transaction {
  const value = (one: V) => encodeValue(codec, one, maxValueBytes)
  const step = (one: Step<V, Key>) => encodeStep(one, value)
  return {
    compare: (input.compare ?? []).map((compare) => encodeCompare(compare, value)),
    success: (input.success ?? []).map(step),
    failure: (input.failure ?? []).map(step),
  }
}

export function decodeTransactionResult<V>(result: TransactionResult, codec: Codec<V>): TransactionResult<Entry<V>> {
  return { ...result, results: result.results.map((step) => decodeStep(step, codec)) }
}

function encodeCompare<V>(compare: Compare<V, Key>, value: (one: V) => Uint8Array): Compare {
  const targets = Object.keys(CompareTarget)
  if (targets.filter((target) => target in compare).length !== 1)
    throw new ConfigurationError(`a comparison needs exactly one of ${targets.join(', ')}`)
  const { relation = 'equal' } = compare
  if (!Object.hasOwn(CompareRelation, relation)) throw new ConfigurationError(`relation: unknown ${String(relation)}`)
  const key = encodeKey(compare.key)
  if ('value' in compare) return { key, relation, value: value(compare.value) }
  if ('createRevision' in compare) return { key, relation, createRevision: checkRevision(compare.createRevision) }
  if ('modRevision' in compare) return { key, relation, modRevision: checkRevision(compare.modRevision) }
  return { key, relation, version: checkRevision(compare.version) }
}

function encodeStep<V>(step: Step<V, Key>, value: (one: V) => Uint8Array): Step {
  const { type } = step
  switch (type) {
    case 'put':
      return { type, key: encodeKey(step.key), value: value(step.value) }
    case 'delete':
    case 'get':
      return { type, key: encodeKey(step.key) }
    case 'range':
      return { type, ...encodeRange(step) }
    default:
      throw new ConfigurationError(`type: a step is a put, delete, get or range, not ${String(type)}`)
  }
}

function decodeStep<V>(step: StepResult, codec: Codec<V>): StepResult<Entry<V>> {
  if (step.type === 'get') return { type: 'get', entry: step.entry === null ? null : decodeEntry(step.entry, codec) }
  if (step.type === 'range') return { ...step, entries: step.entries.map((entry) => decodeEntry(entry, codec)) }
  return step
}

/** @throws ConfigurationError unless it is a safe integer of 0 or more. */
export function checkRevision(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new ConfigurationError(`a revision is a whole number of 0 or more, not ${String(value)}`)
  return value
}
