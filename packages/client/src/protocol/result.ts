import { Reader, Writer } from './binary.js'
import { StepKind } from './command.js'
import { ProtocolError } from './errors.js'

/** A key and what is stored under it. */
export interface Entry {
  readonly key: Uint8Array
  readonly value: Uint8Array
  /** Revision of the put that created the key. */
  readonly createRevision: number
  /** Revision of the last put. */
  readonly modRevision: number
  /** 1 for a new key, one more with each put. */
  readonly version: number
}

/** What a put left behind; its revision is `modRevision`. */
export interface PutResult {
  readonly createRevision: number
  readonly modRevision: number
  readonly version: number
}

export interface DeleteResult {
  /** Of the store, after the command. */
  readonly revision: number
  /** Whether the key existed. */
  readonly deleted: boolean
}

export interface CompareAndSetResult {
  readonly revision: number
  readonly succeeded: boolean
  /** Of the key, as it is now; 0 if it does not exist. */
  readonly modRevision: number
}

export interface GetResult {
  readonly revision: number
  readonly entry: Entry | null
}

export interface RangeResult {
  readonly revision: number
  readonly entries: readonly Entry[]
  /** Whether keys follow that the limit cut off. */
  readonly more: boolean
}

export type StepResult =
  | ({ readonly kind: typeof StepKind.Put } & PutResult)
  | { readonly kind: typeof StepKind.Delete; readonly deleted: boolean }
  | { readonly kind: typeof StepKind.Get; readonly entry: Entry | null }
  | { readonly kind: typeof StepKind.Range; readonly entries: readonly Entry[]; readonly more: boolean }

export interface TransactionResult {
  readonly revision: number
  /** Whether the comparisons held: then `results` are those of the then-steps, otherwise of the else-steps. */
  readonly succeeded: boolean
  readonly results: readonly StepResult[]
}

export function encodePutResult(result: PutResult): Uint8Array {
  const writer = new Writer(24)
  writePutResult(writer, result)
  return writer.finish()
}

export function decodePutResult(body: Uint8Array): PutResult {
  const reader = new Reader(body)
  const result = readPutResult(reader)
  reader.end()
  return result
}

export function encodeDeleteResult(result: DeleteResult): Uint8Array {
  const writer = new Writer(9)
  writer.u64(result.revision)
  writer.u8(result.deleted ? 1 : 0)
  return writer.finish()
}

export function decodeDeleteResult(body: Uint8Array): DeleteResult {
  const reader = new Reader(body)
  const result = { revision: reader.u64(), deleted: reader.flag() }
  reader.end()
  return result
}

export function encodeCompareAndSetResult(result: CompareAndSetResult): Uint8Array {
  const writer = new Writer(17)
  writer.u64(result.revision)
  writer.u8(result.succeeded ? 1 : 0)
  writer.u64(result.modRevision)
  return writer.finish()
}

export function decodeCompareAndSetResult(body: Uint8Array): CompareAndSetResult {
  const reader = new Reader(body)
  const result = { revision: reader.u64(), succeeded: reader.flag(), modRevision: reader.u64() }
  reader.end()
  return result
}

export function encodeGetResult(result: GetResult): Uint8Array {
  const writer = new Writer(result.entry === null ? 9 : 41 + result.entry.key.length + result.entry.value.length)
  writer.u64(result.revision)
  writeOptionalEntry(writer, result.entry)
  return writer.finish()
}

export function decodeGetResult(body: Uint8Array): GetResult {
  const reader = new Reader(body)
  const result = { revision: reader.u64(), entry: readOptionalEntry(reader) }
  reader.end()
  return result
}

export function encodeRangeResult(result: RangeResult): Uint8Array {
  const writer = new Writer(RANGE_BYTES + entriesBytes(result.entries))
  writer.u64(result.revision)
  writeEntries(writer, result.entries, result.more)
  return writer.finish()
}

export function decodeRangeResult(body: Uint8Array): RangeResult {
  const reader = new Reader(body)
  const revision = reader.u64()
  const more = reader.flag()
  const result = { revision, entries: readEntries(reader), more }
  reader.end()
  return result
}

export function encodeTransactionResult(result: TransactionResult): Uint8Array {
  const writer = new Writer(TRANSACTION_BYTES + result.results.reduce((sum, step) => sum + stepBytes(step), 0))
  writer.u64(result.revision)
  writer.u8(result.succeeded ? 1 : 0)
  writer.u32(result.results.length)
  for (const step of result.results) writeStepResult(writer, step)
  return writer.finish()
}

export function decodeTransactionResult(body: Uint8Array): TransactionResult {
  const reader = new Reader(body)
  const revision = reader.u64()
  const succeeded = reader.flag()
  const count = reader.u32()
  const results: StepResult[] = []
  for (let i = 0; i < count; i++) results.push(readStepResult(reader))
  reader.end()
  return { revision, succeeded, results }
}

const RANGE_BYTES = 8 + 1 + 4
const TRANSACTION_BYTES = 8 + 1 + 4
const LARGEST_FIXED_STEP_BYTES = 1 + 24
const ENTRY_BYTES = 4 + 4 + 24

/** What is large is encoded into memory of its size: growing would take it three times over. */
function entriesBytes(entries: readonly Entry[]): number {
  return entries.reduce((sum, { key, value }) => sum + ENTRY_BYTES + key.length + value.length, 0)
}

/** At least what the step's result takes. */
function stepBytes(step: StepResult): number {
  if (step.kind === StepKind.Get) return LARGEST_FIXED_STEP_BYTES + (step.entry === null ? 0 : entriesBytes([step.entry]))
  return LARGEST_FIXED_STEP_BYTES + (step.kind === StepKind.Range ? entriesBytes(step.entries) : 0)
}

function writeStepResult(writer: Writer, step: StepResult): void {
  writer.u8(step.kind)
  switch (step.kind) {
    case StepKind.Put:
      writePutResult(writer, step)
      break
    case StepKind.Delete:
      writer.u8(step.deleted ? 1 : 0)
      break
    case StepKind.Get:
      writeOptionalEntry(writer, step.entry)
      break
    case StepKind.Range:
      writeEntries(writer, step.entries, step.more)
  }
}

function readStepResult(reader: Reader): StepResult {
  const kind = reader.u8()
  switch (kind) {
    case StepKind.Put:
      return { kind, ...readPutResult(reader) }
    case StepKind.Delete:
      return { kind, deleted: reader.flag() }
    case StepKind.Get:
      return { kind, entry: readOptionalEntry(reader) }
    case StepKind.Range: {
      const more = reader.flag()
      return { kind, entries: readEntries(reader), more }
    }
    default:
      throw new ProtocolError(`unknown kind ${kind} of a step's result`)
  }
}

function writePutResult(writer: Writer, result: PutResult): void {
  writer.u64(result.createRevision)
  writer.u64(result.modRevision)
  writer.u64(result.version)
}

function readPutResult(reader: Reader): PutResult {
  return { createRevision: reader.u64(), modRevision: reader.u64(), version: reader.u64() }
}

function writeOptionalEntry(writer: Writer, entry: Entry | null): void {
  writer.u8(entry === null ? 0 : 1)
  if (entry !== null) writeEntry(writer, entry)
}

function readOptionalEntry(reader: Reader): Entry | null {
  return reader.flag() ? readEntry(reader) : null
}

function writeEntries(writer: Writer, entries: readonly Entry[], more: boolean): void {
  writer.u8(more ? 1 : 0)
  writer.u32(entries.length)
  for (const entry of entries) writeEntry(writer, entry)
}

/** The array grows with the entries that are there, never with a count that was only promised. */
function readEntries(reader: Reader): Entry[] {
  const count = reader.u32()
  const entries: Entry[] = []
  for (let i = 0; i < count; i++) entries.push(readEntry(reader))
  return entries
}

function writeEntry(writer: Writer, entry: Entry): void {
  writer.bytes(entry.key)
  writer.bytes(entry.value)
  writer.u64(entry.createRevision)
  writer.u64(entry.modRevision)
  writer.u64(entry.version)
}

function readEntry(reader: Reader): Entry {
  return {
    key: reader.bytes(),
    value: reader.bytes(),
    createRevision: reader.u64(),
    modRevision: reader.u64(),
    version: reader.u64(),
  }
}
