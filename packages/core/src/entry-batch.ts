import type { Reader, Writer } from './binary.js'
import { assert, FormatError } from './errors.js'
import type { TermRun } from './types.js'

/** The purpose of an entry: the first byte of each entry. Kind 2 is reserved for memberships, which nothing writes or reads yet. */
export const EntryKind = {
  /** The payload is a command for the state machine. */
  Command: 0,
  /** Empty: the first entry of every leader. */
  NoOp: 1,
} as const

/**
 * The last kind whose meaning this version knows. Entries of a later kind are refused: a member that counted an entry it cannot act
 * on, such as a membership, would go on with an old quorum.
 */
const LAST_KIND = EntryKind.NoOp
const HEADER_BYTES = 8 + 4 + 4 + 4
const RUN_BYTES = 8 + 4
const LENGTH_BYTES = 4

/**
 * Consecutive entries of the log as immutable bytes: how entries cross every port, disk and wire. There is no object per
 * entry; a slice is a view of the same bytes.
 *
 * Encoded, little-endian: `firstIndex u64 | count u32 | runs u32 | byteLength u32 | (term u64, count u32) per run |
 * length u32 per entry | entries`, where an entry is its kind (one byte) and its payload.
 */
export class EntryBatch {
  /** Index of the first entry; 1 or more. */
  readonly firstIndex: number
  /** Runs of equal terms, ascending in both fields; the first begins at `firstIndex`. Empty when the batch is. */
  readonly runs: readonly TermRun[]
  /** The entries lie between these places of `bytes`: one more than there are entries. */
  readonly offsets: Uint32Array
  /** Shared with other batches, and longer than this one where it is a slice. Never written to again. */
  readonly bytes: Uint8Array

  constructor(firstIndex: number, runs: readonly TermRun[], offsets: Uint32Array, bytes: Uint8Array) {
    this.firstIndex = firstIndex
    this.runs = runs
    this.offsets = offsets
    this.bytes = bytes
  }

  /** No entries, where the next would have index `firstIndex`. */
  static empty(firstIndex: number): EntryBatch {
    return new EntryBatch(firstIndex, [], NO_OFFSETS, NO_BYTES)
  }

  /** Entries of one term and kind. The payloads are copied, once, into the bytes that disk and wire will share. */
  static of(firstIndex: number, term: number, kind: number, payloads: readonly Uint8Array[]): EntryBatch {
    if (payloads.length === 0) return EntryBatch.empty(firstIndex)
    const offsets = new Uint32Array(payloads.length + 1)
    let total = 0
    for (let i = 0; i < payloads.length; i++) {
      total += 1 + (payloads[i] as Uint8Array).length
      offsets[i + 1] = total
    }
    const bytes = new Uint8Array(total)
    for (let i = 0; i < payloads.length; i++) {
      const at = offsets[i] as number
      bytes[at] = kind
      bytes.set(payloads[i] as Uint8Array, at + 1)
    }
    return new EntryBatch(firstIndex, [{ firstIndex, term }], offsets, bytes)
  }

  /** One batch of batches that follow one another. Copies, unless there is but one. */
  static concat(batches: readonly EntryBatch[]): EntryBatch {
    const { count, byteLength, runs } = joined(batches)
    const first = batches[0] as EntryBatch
    if (batches.length === 1) return first
    const offsets = new Uint32Array(count + 1)
    const bytes = new Uint8Array(byteLength)
    let entry = 0
    let at = 0
    for (const batch of batches) {
      bytes.set(batch.entryBytes(), at)
      const shift = at - (batch.offsets[0] as number)
      for (let i = 1; i <= batch.count; i++) offsets[entry + i] = (batch.offsets[i] as number) + shift
      entry += batch.count
      at += batch.byteLength
    }
    return new EntryBatch(first.firstIndex, runs, offsets, bytes)
  }

  get count(): number {
    return this.offsets.length - 1
  }

  /** Index of the last entry; `firstIndex - 1` when there is none. */
  get lastIndex(): number {
    return this.firstIndex + this.offsets.length - 2
  }

  /** Bytes of all entries, their kinds included. */
  get byteLength(): number {
    return (this.offsets[this.offsets.length - 1] as number) - (this.offsets[0] as number)
  }

  /** Bytes of the entries `from` to `to`, both of which must be in the batch, their kinds included. */
  bytesOf(from: number, to: number): number {
    this.#assertHas(from)
    this.#assertHas(to)
    return (this.offsets[to + 1 - this.firstIndex] as number) - (this.offsets[from - this.firstIndex] as number)
  }

  /** The entries one behind the other: a view. */
  entryBytes(): Uint8Array {
    return this.bytes.subarray(this.offsets[0], this.offsets[this.offsets.length - 1])
  }

  /** Whether the entry of this index is in the batch. */
  has(index: number): boolean {
    return index >= this.firstIndex && index <= this.lastIndex
  }

  term(index: number): number {
    this.#assertHas(index)
    let i = this.runs.length - 1
    while ((this.runs[i] as TermRun).firstIndex > index) i -= 1
    return (this.runs[i] as TermRun).term
  }

  kind(index: number): number {
    this.#assertHas(index)
    return this.bytes[this.offsets[index - this.firstIndex] as number] as number
  }

  /** A view of the entry's payload, without its kind. */
  payload(index: number): Uint8Array {
    this.#assertHas(index)
    const i = index - this.firstIndex
    return this.bytes.subarray((this.offsets[i] as number) + 1, this.offsets[i + 1])
  }

  /** The entries `from` to `to`, both included, as a view; both must be in the batch, or `to` be `from - 1`. */
  slice(from: number, to: number): EntryBatch {
    if (from === this.firstIndex && to === this.lastIndex) return this
    if (to === from - 1) return EntryBatch.empty(from)
    this.#assertHas(from)
    this.#assertHas(to)
    const runs: TermRun[] = []
    for (const run of this.runs) {
      if (run.firstIndex > to) break
      if (run.firstIndex <= from) runs.length = 0
      runs.push(run.firstIndex < from ? { firstIndex: from, term: run.term } : run)
    }
    const start = from - this.firstIndex
    return new EntryBatch(from, runs, this.offsets.subarray(start, start + (to - from) + 2), this.bytes)
  }

  /**
   * The last index of those from `from` on that together hold at most `maxBytes`; `from` itself whatever its size, so that
   * there is no size of entry that cannot be moved.
   */
  lastWithin(from: number, maxBytes: number): number {
    this.#assertHas(from)
    const start = from - this.firstIndex
    const limit = (this.offsets[start] as number) + maxBytes
    let low = start + 1
    let high = this.count
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if ((this.offsets[middle] as number) <= limit) low = middle
      else high = middle - 1
    }
    return this.firstIndex + low - 1
  }

  get encodedLength(): number {
    return EntryBatch.joinedLength([this])
  }

  /** Writes `encodedLength` bytes. */
  encode(writer: Writer): void {
    EntryBatch.encodeJoined([this], writer)
  }

  /** How many bytes `encodeJoined` writes. */
  static joinedLength(batches: readonly EntryBatch[]): number {
    let length = HEADER_BYTES
    let lastTerm: number | undefined
    for (const batch of batches) {
      length += batch.runs.length * RUN_BYTES + batch.count * LENGTH_BYTES + batch.byteLength
      if (batch.runs[0]?.term === lastTerm && lastTerm !== undefined) length -= RUN_BYTES
      lastTerm = batch.runs.at(-1)?.term ?? lastTerm
    }
    return length
  }

  /** Writes batches that follow one another as the one that `concat` would make of them, without making it. */
  static encodeJoined(batches: readonly EntryBatch[], writer: Writer): void {
    const { count, byteLength, runs } = joined(batches)
    const firstIndex = (batches[0] as EntryBatch).firstIndex
    writer.u64(firstIndex)
    writer.u32(count)
    writer.u32(runs.length)
    writer.u32(byteLength)
    for (let i = 0; i < runs.length; i++) {
      const run = runs[i] as TermRun
      writer.u64(run.term)
      writer.u32((runs[i + 1]?.firstIndex ?? firstIndex + count) - run.firstIndex)
    }
    for (const { offsets } of batches) {
      for (let i = 1; i < offsets.length; i++) writer.u32((offsets[i] as number) - (offsets[i - 1] as number))
    }
    for (const batch of batches) writer.raw(batch.entryBytes())
  }

  /**
   * Reads one batch. It keeps a view of the reader's bytes, which must not be written to afterwards.
   * @throws FormatError for anything that `encode` does not write.
   */
  static decode(reader: Reader): EntryBatch {
    const firstIndex = reader.u64()
    const count = reader.u32()
    const runCount = reader.u32()
    const byteLength = reader.u32()
    const promised = runCount * RUN_BYTES + count * LENGTH_BYTES + byteLength
    if (promised > reader.remaining) throw new FormatError(`a batch of ${promised} bytes in ${reader.remaining}`)
    if (firstIndex < 1 || firstIndex + count > Number.MAX_SAFE_INTEGER)
      throw new FormatError(`a batch of ${count} entries at index ${firstIndex}`)
    const runs = decodeRuns(reader, firstIndex, count, runCount)
    const offsets = new Uint32Array(count + 1)
    let total = 0
    for (let i = 1; i <= count; i++) {
      const length = reader.u32()
      if (length === 0) throw new FormatError('an entry without its kind')
      total += length
      if (total > byteLength) throw new FormatError(`entries over the ${byteLength} bytes of their batch`)
      offsets[i] = total
    }
    if (total !== byteLength) throw new FormatError(`entries of ${total} bytes in a batch of ${byteLength}`)
    const bytes = reader.raw(byteLength)
    for (let i = 0; i < count; i++) {
      const kind = bytes[offsets[i] as number] as number
      if (kind > LAST_KIND) throw new FormatError(`an entry of kind ${kind}, of a later version: this one knows kinds up to ${LAST_KIND}`)
    }
    return new EntryBatch(firstIndex, runs, offsets, bytes)
  }

  #assertHas(index: number): void {
    assert(this.has(index), () => `entry ${index} of a batch that holds ${this.firstIndex} to ${this.lastIndex}`)
  }
}

const NO_OFFSETS = new Uint32Array(1)
const NO_BYTES = new Uint8Array(0)

/** The count, bytes and runs of batches that follow one another, taken together. */
function joined(batches: readonly EntryBatch[]): {
  readonly count: number
  readonly byteLength: number
  readonly runs: readonly TermRun[]
} {
  const first = batches[0]
  assert(first !== undefined, () => 'no batches to join')
  if (batches.length === 1) return first
  let count = 0
  let byteLength = 0
  const runs: TermRun[] = []
  for (const batch of batches) {
    assert(batch.firstIndex === first.firstIndex + count, () => `a batch at ${batch.firstIndex} where ${first.firstIndex + count} was due`)
    count += batch.count
    byteLength += batch.byteLength
    for (const run of batch.runs) if (runs.at(-1)?.term !== run.term) runs.push(run)
  }
  return { count, byteLength, runs }
}

function decodeRuns(reader: Reader, firstIndex: number, count: number, runCount: number): TermRun[] {
  const runs: TermRun[] = []
  let index = firstIndex
  let previous = 0
  for (let i = 0; i < runCount; i++) {
    const term = reader.u64()
    const length = reader.u32()
    if (term <= previous || length === 0) throw new FormatError(`a run of ${length} entries of term ${term} after term ${previous}`)
    runs.push({ firstIndex: index, term })
    index += length
    previous = term
  }
  if (index !== firstIndex + count) throw new FormatError(`runs of ${index - firstIndex} entries in a batch of ${count}`)
  return runs
}
