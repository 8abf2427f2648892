import { Writer } from '@raft/core'
import {
  COMMAND_VERSION,
  type Command,
  type Compare,
  Operation,
  RANGE_HAS_AFTER,
  type RangeRequest,
  Relation,
  Step,
  Target,
  type TransactionCommand,
  type TransactionStep,
} from './command.js'
import { CommandError } from './errors.js'
import { MAX_KEY_BYTES, MAX_TRANSACTION_OPERATIONS } from './limits.js'

const HEADER_BYTES = 2
const LENGTH_BYTES = 4
const NO_BYTES = new Uint8Array(0)

/** @throws CommandError (`RAFT_KEY_LENGTH`) */
export function encodePut(key: Uint8Array, value: Uint8Array): Uint8Array {
  const writer = begin(Operation.Put, LENGTH_BYTES + key.length + LENGTH_BYTES + value.length)
  writeKey(writer, key)
  writeBytes(writer, value)
  return writer.bytes
}

/** @throws CommandError (`RAFT_KEY_LENGTH`) */
export function encodeDelete(key: Uint8Array): Uint8Array {
  const writer = begin(Operation.Delete, LENGTH_BYTES + key.length)
  writeKey(writer, key)
  return writer.bytes
}

/**
 * @param prevRevision the key's modRevision; 0: it must not exist
 * @throws CommandError (`RAFT_KEY_LENGTH`, `RAFT_COMMAND_MALFORMED` when `prevRevision` is no revision)
 */
export function encodeCompareAndSet(key: Uint8Array, prevRevision: number, value: Uint8Array): Uint8Array {
  const writer = begin(Operation.CompareAndSet, LENGTH_BYTES + key.length + 8 + LENGTH_BYTES + value.length)
  writeKey(writer, key)
  writeU64(writer, prevRevision)
  writeBytes(writer, value)
  return writer.bytes
}

/** @throws CommandError (`RAFT_KEY_LENGTH`, `RAFT_TRANSACTION_TOO_LARGE`, `RAFT_COMMAND_MALFORMED` for a number that does not fit) */
export function encodeTransaction(transaction: Omit<TransactionCommand, 'type'>): Uint8Array {
  let length = 3 * LENGTH_BYTES
  for (const compare of transaction.compares) length += compareLength(compare)
  for (const step of transaction.thenSteps) length += stepLength(step)
  for (const step of transaction.elseSteps) length += stepLength(step)
  const writer = begin(Operation.Transaction, length)
  writeCount(writer, transaction.compares.length)
  for (const compare of transaction.compares) writeCompare(writer, compare)
  writeCount(writer, transaction.thenSteps.length)
  for (const step of transaction.thenSteps) writeStep(writer, step)
  writeCount(writer, transaction.elseSteps.length)
  for (const step of transaction.elseSteps) writeStep(writer, step)
  return writer.bytes
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

function begin(operation: number, length: number): Writer {
  // From Node's pool: memory of its own would take longer than all the rest.
  const { buffer, byteOffset } = Buffer.allocUnsafe(HEADER_BYTES + length)
  const writer = new Writer(new Uint8Array(buffer, byteOffset, HEADER_BYTES + length))
  writer.u8(COMMAND_VERSION)
  writer.u8(operation)
  return writer
}

function compareLength(compare: Compare): number {
  return 2 + LENGTH_BYTES + compare.key.length + (compare.target === 'value' ? LENGTH_BYTES + compare.operand.length : 8)
}

function stepLength(step: TransactionStep): number {
  switch (step.type) {
    case 'put':
      return 1 + LENGTH_BYTES + step.key.length + LENGTH_BYTES + step.value.length
    case 'delete':
    case 'get':
      return 1 + LENGTH_BYTES + step.key.length
    case 'range':
      return 2 + LENGTH_BYTES + (step.prefix?.length ?? 0) + LENGTH_BYTES + (step.after?.length ?? 0) + 4
  }
}

function writeCompare(writer: Writer, compare: Compare): void {
  writer.u8(Target[compare.target])
  writer.u8(Relation[compare.relation])
  writeKey(writer, compare.key)
  if (compare.target === 'value') writeBytes(writer, compare.operand)
  else writeU64(writer, compare.operand)
}

function writeStep(writer: Writer, step: TransactionStep): void {
  switch (step.type) {
    case 'put':
      writer.u8(Step.Put)
      writeKey(writer, step.key)
      writeBytes(writer, step.value)
      return
    case 'delete':
      writer.u8(Step.Delete)
      writeKey(writer, step.key)
      return
    case 'get':
      writer.u8(Step.Get)
      writeKey(writer, step.key)
      return
    case 'range':
      writer.u8(Step.Range)
      writeRange(writer, step)
  }
}

function writeRange(writer: Writer, range: RangeRequest): void {
  const limit = range.limit ?? 0
  if (!Number.isInteger(limit) || limit < 0 || limit > 0xffff_ffff) throw malformed(`the limit ${limit} is not from 0 to 4294967295`)
  writer.u8(range.after === undefined ? 0 : RANGE_HAS_AFTER)
  writeBytes(writer, range.prefix ?? NO_BYTES)
  writeBytes(writer, range.after ?? NO_BYTES)
  writer.u32(limit)
}

function writeKey(writer: Writer, key: Uint8Array): void {
  if (key.length === 0 || key.length > MAX_KEY_BYTES)
    throw new CommandError('RAFT_KEY_LENGTH', `a key of ${key.length} bytes: 1 to ${MAX_KEY_BYTES} are allowed`)
  writeBytes(writer, key)
}

function writeBytes(writer: Writer, bytes: Uint8Array): void {
  writer.u32(bytes.length)
  writer.raw(bytes)
}

function writeU64(writer: Writer, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw malformed(`${value} is no revision or version: a whole number from 0 on is`)
  writer.u64(value)
}

function writeCount(writer: Writer, count: number): void {
  if (count > MAX_TRANSACTION_OPERATIONS)
    throw new CommandError(
      'RAFT_TRANSACTION_TOO_LARGE',
      `a transaction of ${count} operations: at most ${MAX_TRANSACTION_OPERATIONS} of a kind are allowed`,
    )
  writer.u32(count)
}

function malformed(message: string): CommandError {
  return new CommandError('RAFT_COMMAND_MALFORMED', message)
}
