import { Writer } from './binary.js'
import {
  COMMAND_HEAD_BYTES,
  COMMAND_VERSION,
  type Command,
  type Compare,
  CompareRelation,
  CompareTarget,
  LENGTH_BYTES,
  Operation,
  RANGE_HAS_AFTER,
  type Range,
  type Step,
  type Transaction,
  targetOf,
} from './command.js'
import { CommandError, malformed } from './errors.js'
import { MAX_KEY_BYTES, MAX_TRANSACTION_OPERATIONS } from './limits.js'

const NO_BYTES = new Uint8Array(0)

/** @throws CommandError (`RAFT_KEY_LENGTH`) */
export function encodePut(key: Uint8Array, value: Uint8Array): Uint8Array {
  const writer = begin(Operation.put, LENGTH_BYTES + key.length + LENGTH_BYTES + value.length)
  writeKey(writer, key)
  writer.bytes(value)
  return writer.finish()
}

/** @throws CommandError (`RAFT_KEY_LENGTH`) */
export function encodeDelete(key: Uint8Array): Uint8Array {
  const writer = begin(Operation.delete, LENGTH_BYTES + key.length)
  writeKey(writer, key)
  return writer.finish()
}

/**
 * @param prevRevision the key's modRevision; 0: it must not exist
 * @throws CommandError (`RAFT_KEY_LENGTH`, `RAFT_COMMAND_MALFORMED` when `prevRevision` is no revision)
 */
export function encodeCompareAndSet(key: Uint8Array, prevRevision: number, value: Uint8Array): Uint8Array {
  const writer = begin(Operation.compareAndSet, LENGTH_BYTES + key.length + 8 + LENGTH_BYTES + value.length)
  writeKey(writer, key)
  writeNumber(writer, prevRevision)
  writer.bytes(value)
  return writer.finish()
}

/** @throws CommandError (`RAFT_KEY_LENGTH`, `RAFT_TRANSACTION_TOO_LARGE`, `RAFT_COMMAND_MALFORMED` for a field that makes no sense) */
export function encodeTransaction({ compare = [], success = [], failure = [] }: Transaction): Uint8Array {
  let length = 3 * LENGTH_BYTES
  for (const one of compare) length += compareBytes(one)
  for (const step of success) length += stepBytes(step)
  for (const step of failure) length += stepBytes(step)
  const writer = begin(Operation.transaction, length)
  writeList(writer, compare, writeCompare)
  writeList(writer, success, writeStep)
  writeList(writer, failure, writeStep)
  return writer.finish()
}

/** The bytes of a command: the payload of an entry. @throws CommandError as the function for its type does */
export function encodeCommand(command: Command): Uint8Array {
  switch (command.type) {
    case 'put':
      return encodePut(command.key, command.value)
    case 'delete':
      return encodeDelete(command.key)
    case 'compareAndSet':
      return encodeCompareAndSet(command.key, command.prevRevision, command.value)
    case 'transaction':
      return encodeTransaction(command)
  }
}

/** A range as it stands in a transaction, and in a request of the client protocol. @throws CommandError (`RAFT_COMMAND_MALFORMED`) */
export function writeRange(writer: Writer, { prefix, after, limit = 0 }: Range): void {
  if (!Number.isInteger(limit) || limit < 0 || limit > 0xffff_ffff) throw malformed(`the limit ${limit} is not from 0 to 4294967295`)
  writer.u8(after === undefined ? 0 : RANGE_HAS_AFTER)
  writer.bytes(prefix ?? NO_BYTES)
  writer.bytes(after ?? NO_BYTES)
  writer.u32(limit)
}

/** The bytes that `writeRange` writes. */
export function rangeBytes({ prefix, after }: Range): number {
  return 1 + LENGTH_BYTES + (prefix?.length ?? 0) + LENGTH_BYTES + (after?.length ?? 0) + 4
}

function begin(operation: number, length: number): Writer {
  const writer = new Writer(COMMAND_HEAD_BYTES + length)
  writer.u8(COMMAND_VERSION)
  writer.u8(operation)
  return writer
}

function compareBytes(compare: Compare): number {
  return 2 + LENGTH_BYTES + compare.key.length + ('value' in compare ? LENGTH_BYTES + compare.value.length : 8)
}

function stepBytes(step: Step): number {
  if (step.type === 'range') return 1 + rangeBytes(step)
  return 1 + LENGTH_BYTES + step.key.length + (step.type === 'put' ? LENGTH_BYTES + step.value.length : 0)
}

function writeList<T>(writer: Writer, list: readonly T[], write: (writer: Writer, one: T) => void): void {
  if (list.length > MAX_TRANSACTION_OPERATIONS)
    throw new CommandError(
      'RAFT_TRANSACTION_TOO_LARGE',
      `a transaction of ${list.length} operations: at most ${MAX_TRANSACTION_OPERATIONS} of a kind are allowed`,
    )
  writer.u32(list.length)
  for (const one of list) write(writer, one)
}

function writeCompare(writer: Writer, compare: Compare): void {
  const target = targetOf(compare)
  const { relation = 'equal' } = compare
  if (target === undefined || !Object.hasOwn(CompareRelation, relation)) throw malformed('a comparison whose field or relation is unknown')
  writer.u8(CompareTarget[target])
  writer.u8(CompareRelation[relation])
  writeKey(writer, compare.key)
  if ('value' in compare) writer.bytes(compare.value)
  else writeNumber(writer, (compare as Readonly<Record<string, unknown>>)[target] as number)
}

function writeStep(writer: Writer, step: Step): void {
  writer.u8(Operation[step.type])
  if (step.type === 'range') writeRange(writer, step)
  else writeKey(writer, step.key)
  if (step.type === 'put') writer.bytes(step.value)
}

function writeKey(writer: Writer, key: Uint8Array): void {
  if (key.length === 0 || key.length > MAX_KEY_BYTES)
    throw new CommandError('RAFT_KEY_LENGTH', `a key of ${key.length} bytes: 1 to ${MAX_KEY_BYTES} are allowed`)
  writer.bytes(key)
}

function writeNumber(writer: Writer, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw malformed(`${value} is no revision or version: a whole number from 0 on is`)
  writer.u64(value)
}
