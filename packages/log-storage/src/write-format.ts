import { crc32 } from 'node:zlib'
import { EntryBatch, type HardState, Reader, StorageError, Writer } from '@raft/core'

export const FORMAT_VERSION = 1
/** A write begins at a multiple of this: headers are searched for at these places only. */
export const SECTOR_BYTES = 512
export const HEADER_BYTES = 64
export const SALT_BYTES = 8

const MAGIC = 0x57544652 // 'RFTW'
const CHECKED_FROM = 8
const HARD_STATE_FLAG = 1
const SEGMENT_FLAG = 2
const TABLE_ROW_BYTES = 8
const MAX_WRITE_BYTES = 0x4000_0000
/** Entries are read back by pieces of about this size; smaller batches of one write are joined, larger ones split. */
const PIECE_BYTES = 256 * 1024

const text = new TextEncoder()
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * What ties a write to the one before. Each checksum has 32 bits and covers those before it: a header covers the checksum of
 * its meta, which covers those of the pieces, and `previous` is the checksum of the header before. Random damage passes for
 * whole with a chance of 2^-32; to pass for a *later* write, bytes must also match the salt (64 random bits that never leave
 * the directory) and a sequence number, about 2^-128, so that no payload and no old file is ever taken for a write.
 */
export interface Link {
  readonly sequence: number
  readonly previous: number
}

export interface WriteHeader extends Link {
  readonly version: number
  readonly checksum: number
  readonly group: number
  readonly hasHardState: boolean
  readonly isSegment: boolean
  readonly metaChecksum: number
  readonly metaLength: number
  readonly bodyLength: number
  readonly pieceCount: number
}

/** A piece of entries: an encoded batch in the file, `at` bytes behind the beginning of its write. */
export interface Piece {
  readonly firstIndex: number
  readonly at: number
  readonly length: number
  readonly checksum: number
}

export interface EncodedWrite {
  /** Only the first `length` bytes are the write: whole sectors. */
  readonly bytes: Uint8Array
  readonly length: number
  readonly checksum: number
  readonly pieces: readonly Piece[]
}

export function alignToSector(bytes: number): number {
  return Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES
}

/** `allocate` gives at least so many bytes, which this writes over. `segment` is the meta of a segment's first write. */
export function encodeWrite(
  link: Link,
  group: number,
  salt: Uint8Array,
  hardState: HardState | null,
  segment: Uint8Array | null,
  entries: readonly EntryBatch[],
  allocate: (bytes: number) => Uint8Array,
): EncodedWrite {
  const batches = packBatches(entries)
  const vote = hardState === null ? null : encodeVote(hardState)
  const metaLength = (vote === null ? 0 : 9 + vote.length) + (segment?.length ?? 0) + batches.length * TABLE_ROW_BYTES
  let end = HEADER_BYTES + metaLength
  for (const batch of batches) end += EntryBatch.joinedLength(batch)
  const length = alignToSector(end)
  if (length > MAX_WRITE_BYTES)
    throw new StorageError(`a write of ${length} bytes is over the limit of ${MAX_WRITE_BYTES}: write less at once`)
  const bytes = allocate(length)
  const writer = new Writer(bytes, HEADER_BYTES)
  if (hardState !== null && vote !== null) {
    writer.u64(hardState.currentTerm)
    writer.u8(vote.length)
    writer.raw(vote)
  }
  if (segment !== null) writer.raw(segment)
  const pieces = encodePieces(writer, batches)
  bytes.fill(0, end, length)

  const metaChecksum = crc32(bytes.subarray(HEADER_BYTES, HEADER_BYTES + metaLength))
  bytes.fill(0, 0, HEADER_BYTES)
  writer.position = CHECKED_FROM
  writer.u8(FORMAT_VERSION)
  writer.u8((hardState === null ? 0 : HARD_STATE_FLAG) | (segment === null ? 0 : SEGMENT_FLAG))
  writer.position += 2
  writer.u32(group)
  writer.u64(link.sequence)
  writer.raw(salt)
  writer.u32(link.previous)
  writer.u32(metaChecksum)
  writer.u32(metaLength)
  writer.u32(end - HEADER_BYTES)
  writer.u32(batches.length)
  const checksum = crc32(bytes.subarray(CHECKED_FROM, HEADER_BYTES))
  writer.position = 0
  writer.u32(MAGIC)
  writer.u32(checksum)
  return { bytes, length, checksum, pieces }
}

function encodePieces(writer: Writer, batches: readonly (readonly EntryBatch[])[]): Piece[] {
  const pieces: Piece[] = []
  let row = writer.position
  let at = row + batches.length * TABLE_ROW_BYTES
  for (const batch of batches) {
    writer.position = at
    EntryBatch.encodeJoined(batch, writer)
    const length = writer.position - at
    const checksum = crc32(writer.bytes.subarray(at, writer.position))
    writer.position = row
    writer.u32(length)
    writer.u32(checksum)
    pieces.push({ firstIndex: (batch[0] as EntryBatch).firstIndex, at, length, checksum })
    row += TABLE_ROW_BYTES
    at += length
  }
  return pieces
}

export function encodeVote(hardState: HardState): Uint8Array {
  const vote = text.encode(hardState.votedFor ?? '')
  if (vote.length > 255 || (hardState.votedFor !== null && vote.length === 0))
    throw new StorageError(`a member id of ${vote.length} bytes, where 1 to 255 can be stored`)
  return vote
}

/** The batches of each piece: small ones together, large ones split. */
export function packBatches(entries: readonly EntryBatch[]): (readonly EntryBatch[])[] {
  const packed: (readonly EntryBatch[])[] = []
  let group: EntryBatch[] = []
  let bytes = 0
  const flush = () => {
    if (group.length > 0) packed.push(group)
    group = []
    bytes = 0
  }
  for (const batch of entries) {
    for (let from = batch.firstIndex; from <= batch.lastIndex; ) {
      const part = batch.slice(from, batch.lastWithin(from, PIECE_BYTES))
      if (bytes + part.byteLength > PIECE_BYTES) flush()
      group.push(part)
      bytes += part.byteLength
      from = part.lastIndex + 1
    }
  }
  flush()
  return packed
}

/** The header at `at`, or null where none of any version stands whole. `salt` is null for the first of a directory. */
export function parseHeader(bytes: Uint8Array, at: number, salt: Uint8Array | null): WriteHeader | null {
  if (at + HEADER_BYTES > bytes.length) return null
  const reader = new Reader(bytes, at)
  if (reader.u32() !== MAGIC) return null
  const checksum = reader.u32()
  if (crc32(bytes.subarray(at + CHECKED_FROM, at + HEADER_BYTES)) !== checksum) return null
  const version = reader.u8()
  const flags = reader.u8()
  reader.position += 2
  const group = reader.u32()
  const sequence = reader.u64()
  const found = reader.raw(SALT_BYTES)
  if (salt !== null && Buffer.compare(found, salt) !== 0) return null
  return {
    version,
    checksum,
    group,
    sequence,
    hasHardState: (flags & HARD_STATE_FLAG) !== 0,
    isSegment: (flags & SEGMENT_FLAG) !== 0,
    previous: reader.u32(),
    metaChecksum: reader.u32(),
    metaLength: reader.u32(),
    bodyLength: reader.u32(),
    pieceCount: reader.u32(),
  }
}

export function saltAt(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.slice(at + 24, at + 24 + SALT_BYTES)
}

export interface WriteBody {
  readonly hardState: HardState | null
  /** Stands at the meta of a segment's first write, if it is one. */
  readonly meta: Reader
  readonly pieces: readonly Piece[]
}

/** Checks every byte that counts of the write whose header stands at `at`; null when something is not as it was written. */
export function parseBody(bytes: Uint8Array, at: number, header: WriteHeader): WriteBody | null {
  const metaEnd = at + HEADER_BYTES + header.metaLength
  const end = at + HEADER_BYTES + header.bodyLength
  if (metaEnd > end || end > bytes.length) return null
  const metaBytes = bytes.subarray(0, metaEnd)
  if (crc32(metaBytes.subarray(at + HEADER_BYTES)) !== header.metaChecksum) return null
  const meta = new Reader(metaBytes, at + HEADER_BYTES)
  const hardState = header.hasHardState ? decodeHardState(meta) : null
  const table = new Reader(metaBytes, metaEnd - header.pieceCount * TABLE_ROW_BYTES)
  const pieces: Piece[] = []
  let start = metaEnd
  for (let i = 0; i < header.pieceCount; i++) {
    const length = table.u32()
    const checksum = table.u32()
    if (start + length > end || crc32(bytes.subarray(start, start + length)) !== checksum) return null
    pieces.push({ firstIndex: new Reader(bytes, start).u64(), at: start - at, length, checksum })
    start += length
  }
  // What fills the last sector says nothing, and damage there is no reason to give up a write.
  return start === end ? { hardState, meta, pieces } : null
}

export function decodeHardState(reader: Reader): HardState {
  const currentTerm = reader.u64()
  const vote = reader.raw(reader.u8())
  return { currentTerm, votedFor: vote.length === 0 ? null : utf8.decode(vote) }
}

const ZEROS = Buffer.alloc(64 * 1024)

export function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at += ZEROS.length) {
    const length = Math.min(ZEROS.length, to - at)
    if (ZEROS.compare(bytes, at, at + length, 0, length) !== 0) return false
  }
  return true
}
