import { Writer } from './binary.js'

/** The commands of the key-value store, as docs/formats.md has them: what the client encodes is what the log holds. */
export const COMMAND_VERSION = 1

export const Operation = { Put: 1, Delete: 2, CompareAndSet: 3, Transaction: 4 } as const
export const StepKind = { Put: 1, Delete: 2, Get: 5, Range: 6 } as const
export const CompareTarget = { value: 1, createRevision: 2, modRevision: 3, version: 4 } as const
export const CompareRelation = { equal: 1, notEqual: 2, less: 3, greater: 4 } as const

export type Relation = keyof typeof CompareRelation

export interface RangeQuery {
  /** Keys that begin with these bytes; empty: all. */
  readonly prefix: Uint8Array
  /** Only keys behind this one, if it is not null. */
  readonly after: Uint8Array | null
  /** 0: as many as the store gives at once. */
  readonly limit: number
}

export type Compare =
  | { readonly target: 'value'; readonly relation: Relation; readonly key: Uint8Array; readonly operand: Uint8Array }
  | {
      readonly target: 'createRevision' | 'modRevision' | 'version'
      readonly relation: Relation
      readonly key: Uint8Array
      readonly operand: number
    }

export type Step =
  | { readonly kind: typeof StepKind.Put; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: typeof StepKind.Delete | typeof StepKind.Get; readonly key: Uint8Array }
  | { readonly kind: typeof StepKind.Range; readonly range: RangeQuery }

export interface Transaction {
  readonly compare: readonly Compare[]
  readonly success: readonly Step[]
  readonly failure: readonly Step[]
}

export function encodePut(key: Uint8Array, value: Uint8Array): Uint8Array {
  const writer = command(Operation.Put, 8 + key.length + value.length)
  writer.bytes(key)
  writer.bytes(value)
  return writer.finish()
}

export function encodeDelete(key: Uint8Array): Uint8Array {
  const writer = command(Operation.Delete, 4 + key.length)
  writer.bytes(key)
  return writer.finish()
}

/** `prevRevision` is the modRevision that the entry must have; 0: the key must not exist. */
export function encodeCompareAndSet(key: Uint8Array, prevRevision: number, value: Uint8Array): Uint8Array {
  const writer = command(Operation.CompareAndSet, 16 + key.length + value.length)
  writer.bytes(key)
  writer.u64(prevRevision)
  writer.bytes(value)
  return writer.finish()
}

export function encodeTransaction(transaction: Transaction): Uint8Array {
  const writer = command(Operation.Transaction, 256)
  writer.u32(transaction.compare.length)
  for (const compare of transaction.compare) writeCompare(writer, compare)
  for (const steps of [transaction.success, transaction.failure]) {
    writer.u32(steps.length)
    for (const step of steps) writeStep(writer, step)
  }
  return writer.finish()
}

export function writeRange(writer: Writer, range: RangeQuery): void {
  writer.u8(range.after === null ? 0 : 1)
  writer.bytes(range.prefix)
  writer.bytes(range.after ?? NO_BYTES)
  writer.u32(range.limit)
}

const NO_BYTES = new Uint8Array(0)

function command(operation: number, bodyBytes: number): Writer {
  const writer = new Writer(2 + bodyBytes)
  writer.u8(COMMAND_VERSION)
  writer.u8(operation)
  return writer
}

function writeCompare(writer: Writer, compare: Compare): void {
  writer.u8(CompareTarget[compare.target])
  writer.u8(CompareRelation[compare.relation])
  writer.bytes(compare.key)
  if (compare.target === 'value') writer.bytes(compare.operand)
  else writer.u64(compare.operand)
}

function writeStep(writer: Writer, step: Step): void {
  writer.u8(step.kind)
  if (step.kind === StepKind.Range) writeRange(writer, step.range)
  else {
    writer.bytes(step.key)
    if (step.kind === StepKind.Put) writer.bytes(step.value)
  }
}
