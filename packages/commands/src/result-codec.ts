import { Reader, Writer } from './binary.js'
import { Operation } from './command.js'
import { ProtocolError } from './errors.js'
import type { CommandResult, GetResult, KeyValue, PutStepResult, RangeResult, StepResult } from './result.js'

const NUMBER_BYTES = 8
const FLAG_BYTES = 1
const COUNT_BYTES = 4
const KEY_VALUE_BYTES = 4 + 4 + 3 * NUMBER_BYTES

/** By operation, so that the number of a response says what is read. */
export interface Results {
  readonly [Operation.put]: Extract<CommandResult, { type: 'put' }>
  readonly [Operation.delete]: Extract<CommandResult, { type: 'delete' }>
  readonly [Operation.compareAndSet]: Extract<CommandResult, { type: 'compareAndSet' }>
  readonly [Operation.transaction]: Extract<CommandResult, { type: 'transaction' }>
  readonly [Operation.get]: GetResult
  readonly [Operation.range]: RangeResult
}

/** What a command came to, without its operation, which stands beside it. */
export function encodeResult(result: CommandResult): Uint8Array {
  switch (result.type) {
    case 'put': {
      // Its revision is its modRevision.
      const writer = new Writer(3 * NUMBER_BYTES)
      writePutResult(writer, result)
      return writer.finish()
    }
    case 'delete': {
      const writer = begin(result.revision, FLAG_BYTES)
      writer.flag(result.deleted)
      return writer.finish()
    }
    case 'compareAndSet': {
      const writer = begin(result.revision, FLAG_BYTES + NUMBER_BYTES)
      writer.flag(result.succeeded)
      writer.u64(result.modRevision)
      return writer.finish()
    }
    case 'transaction': {
      const bytes = result.results.reduce((sum, step) => sum + stepBytes(step), FLAG_BYTES + COUNT_BYTES)
      const writer = begin(result.revision, bytes)
      writer.flag(result.succeeded)
      writer.u32(result.results.length)
      for (const step of result.results) writeStepResult(writer, step)
      return writer.finish()
    }
  }
}

export function encodeGetResult({ revision, entry }: GetResult): Uint8Array {
  const writer = begin(revision, FLAG_BYTES + (entry === null ? 0 : bytesOf([entry])))
  writeOptional(writer, entry)
  return writer.finish()
}

export function encodeRangeResult({ revision, entries, more }: RangeResult): Uint8Array {
  const writer = begin(revision, FLAG_BYTES + COUNT_BYTES + bytesOf(entries))
  writeEntries(writer, entries, more)
  return writer.finish()
}

/** What an operation came to. Its keys and values are views. @throws ProtocolError */
export function decodeResult<O extends keyof Results>(operation: O, body: Uint8Array): Results[O] {
  const reader = new Reader(body)
  const result = READERS[operation](reader)
  reader.end()
  return result
}

/** What a command came to; `operation` is any number. @throws ProtocolError */
export function decodeCommandResult(operation: number, body: Uint8Array): CommandResult {
  switch (operation) {
    case Operation.put:
    case Operation.delete:
    case Operation.compareAndSet:
    case Operation.transaction:
      return decodeResult(operation, body)
    default:
      throw new ProtocolError(`a result of kind ${operation} of a command`)
  }
}

const READERS: { readonly [O in keyof Results]: (reader: Reader) => Results[O] } = {
  [Operation.put]: (reader) => {
    const createRevision = reader.u64()
    const modRevision = reader.u64()
    return { type: 'put', revision: modRevision, createRevision, modRevision, version: reader.u64() }
  },
  [Operation.delete]: (reader) => ({ type: 'delete', revision: reader.u64(), deleted: reader.flag() }),
  [Operation.compareAndSet]: (reader) => ({
    type: 'compareAndSet',
    revision: reader.u64(),
    succeeded: reader.flag(),
    modRevision: reader.u64(),
  }),
  [Operation.transaction]: (reader) => {
    const revision = reader.u64()
    const succeeded = reader.flag()
    return { type: 'transaction', revision, succeeded, results: readList(reader, readStepResult) }
  },
  [Operation.get]: (reader) => ({ revision: reader.u64(), entry: readOptional(reader) }),
  [Operation.range]: (reader) => {
    const revision = reader.u64()
    const more = reader.flag()
    return { revision, entries: readList(reader, readEntry), more }
  },
}

/** @param bytes at least how many follow the revision: what is large is encoded into memory of its size, and not into one that grows */
function begin(revision: number, bytes: number): Writer {
  const writer = new Writer(NUMBER_BYTES + bytes)
  writer.u64(revision)
  return writer
}

function bytesOf(entries: readonly KeyValue[]): number {
  return entries.reduce((sum, { key, value }) => sum + KEY_VALUE_BYTES + key.length + value.length, 0)
}

/** At least what the step's result takes. */
function stepBytes(step: StepResult): number {
  const fixed = 1 + 3 * NUMBER_BYTES
  if (step.type === 'get') return fixed + (step.entry === null ? 0 : bytesOf([step.entry]))
  return fixed + (step.type === 'range' ? bytesOf(step.entries) : 0)
}

function writeStepResult(writer: Writer, step: StepResult): void {
  writer.u8(Operation[step.type])
  switch (step.type) {
    case 'put':
      writePutResult(writer, step)
      break
    case 'delete':
      writer.flag(step.deleted)
      break
    case 'get':
      writeOptional(writer, step.entry)
      break
    case 'range':
      writeEntries(writer, step.entries, step.more)
  }
}

function readStepResult(reader: Reader): StepResult {
  const operation = reader.u8()
  switch (operation) {
    case Operation.put:
      return readPutResult(reader)
    case Operation.delete:
      return { type: 'delete', deleted: reader.flag() }
    case Operation.get:
      return { type: 'get', entry: readOptional(reader) }
    case Operation.range: {
      const more = reader.flag()
      return { type: 'range', entries: readList(reader, readEntry), more }
    }
    default:
      throw reader.error(`unknown kind ${operation} of a step's result`)
  }
}

function writePutResult(writer: Writer, result: Omit<PutStepResult, 'type'>): void {
  writer.u64(result.createRevision)
  writer.u64(result.modRevision)
  writer.u64(result.version)
}

function readPutResult(reader: Reader): PutStepResult {
  return { type: 'put', createRevision: reader.u64(), modRevision: reader.u64(), version: reader.u64() }
}

function writeOptional(writer: Writer, entry: KeyValue | null): void {
  writer.flag(entry !== null)
  if (entry !== null) writeEntry(writer, entry)
}

function readOptional(reader: Reader): KeyValue | null {
  return reader.flag() ? readEntry(reader) : null
}

function writeEntries(writer: Writer, entries: readonly KeyValue[], more: boolean): void {
  writer.flag(more)
  writer.u32(entries.length)
  for (const entry of entries) writeEntry(writer, entry)
}

/** The array grows with what is there, never with a count that was only promised. */
function readList<T>(reader: Reader, read: (reader: Reader) => T): T[] {
  const count = reader.u32()
  const list: T[] = []
  for (let i = 0; i < count; i++) list.push(read(reader))
  return list
}

function writeEntry(writer: Writer, entry: KeyValue): void {
  writer.bytes(entry.key)
  writer.bytes(entry.value)
  writer.u64(entry.createRevision)
  writer.u64(entry.modRevision)
  writer.u64(entry.version)
}

function readEntry(reader: Reader): KeyValue {
  return {
    key: reader.bytes(),
    value: reader.bytes(),
    createRevision: reader.u64(),
    modRevision: reader.u64(),
    version: reader.u64(),
  }
}
