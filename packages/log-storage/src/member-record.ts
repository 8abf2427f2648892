import { crc32 } from 'node:zlib'
import { FormatError, type MemberId, Reader, Writer } from '@raft/core'
import { encodeName, STORE_ID_BYTES } from './segment-format.js'

/** One start of a member, as others know it. */
export interface MemberStart {
  /** In hexadecimal, of the directory that it runs on. */
  readonly storeId: string
  /** How often a member was started on that directory. */
  readonly starts: number
  /** 16 bytes that this start has drawn: two processes that count the same starts differ in it. */
  readonly boot: Uint8Array
}

/** Why the other members do not talk to this one. */
export const REFUSALS = ['otherStore', 'olderCopy', 'runsTwice'] as const
export type RefusalReason = (typeof REFUSALS)[number]

/** That this directory was refused, which is so for good. */
export interface DirectoryRefusal {
  readonly reason: RefusalReason
  /** Who has refused it. */
  readonly by: MemberId
  /** What that member remembers. */
  readonly remembered: Pick<MemberStart, 'storeId' | 'starts'>
}

/** What the file `member` of a directory holds. */
export interface MemberRecord {
  readonly storeId: string
  readonly starts: number
  /** How the boots of this start and of the ones before began, the newest first. */
  readonly history: readonly Uint8Array[]
  /** In the order of their UTF-16 code units, none twice. */
  readonly voters: readonly MemberId[]
  /** The newest start of each other member that this one has taken a message from. */
  readonly known: ReadonlyMap<MemberId, MemberStart>
  readonly refusal: DirectoryRefusal | null
}

export const MEMBER_RECORD_VERSION = 1
export const BOOT_BYTES = 16
/** Enough to tell one start from another. */
const MARK_BYTES = 4
/** How many starts back a member can tell that it runs on what it ran on then. */
const MAX_HISTORY = 64
const MAGIC = 0x4d544652 // 'RFTM'
const CHECKED_FROM = 8
const utf8 = new TextDecoder('utf-8', { fatal: true })

export function encodeMemberRecord(record: MemberRecord): Uint8Array {
  const names = [...record.voters, ...record.known.keys(), record.refusal?.by ?? ''].map((name) => Buffer.byteLength(name) + 1)
  const fixed =
    CHECKED_FROM +
    1 +
    STORE_ID_BYTES +
    8 +
    2 +
    record.history.length * MARK_BYTES +
    2 +
    2 +
    record.known.size * (STORE_ID_BYTES + 8 + BOOT_BYTES) +
    1
  const bytes = new Uint8Array(fixed + STORE_ID_BYTES + 8 + names.reduce((sum, length) => sum + length, 0))
  const writer = new Writer(bytes, CHECKED_FROM)
  writer.u8(MEMBER_RECORD_VERSION)
  writeStart(writer, record)
  writeCount(writer, record.history.length)
  for (const mark of record.history) writer.raw(mark)
  writeCount(writer, record.voters.length)
  for (const voter of record.voters) writeName(writer, voter)
  writeCount(writer, record.known.size)
  for (const [id, start] of record.known) {
    writeName(writer, id)
    writeStart(writer, start)
    writer.raw(start.boot)
  }
  writeRefusal(writer, record.refusal)
  const whole = bytes.subarray(0, writer.position)
  const head = new Writer(whole)
  head.u32(MAGIC)
  head.u32(crc32(whole.subarray(CHECKED_FROM)))
  return whole
}

/** The record's version where it is not known here. @throws FormatError unless the bytes are as they were written */
export function decodeMemberRecord(bytes: Uint8Array): MemberRecord | { readonly unknownVersion: number } {
  const reader = new Reader(bytes)
  if (reader.u32() !== MAGIC) throw new FormatError('it does not begin as such a file does')
  if (reader.u32() !== crc32(bytes.subarray(CHECKED_FROM))) throw new FormatError('it is not as it was written')
  const version = reader.u8()
  if (version !== MEMBER_RECORD_VERSION) return { unknownVersion: version }
  const own = readStart(reader)
  const history = Array.from({ length: readCount(reader) }, () => Uint8Array.from(reader.raw(MARK_BYTES)))
  const voters = Array.from({ length: readCount(reader) }, () => readName(reader))
  const known = new Map<MemberId, MemberStart>()
  for (let count = readCount(reader); count > 0; count--) {
    const id = readName(reader)
    const start = readStart(reader)
    known.set(id, { ...start, boot: Uint8Array.from(reader.raw(BOOT_BYTES)) })
  }
  const refusal = readRefusal(reader)
  reader.end()
  return { ...own, history, voters, known, refusal }
}

/** The record of the next start, which has drawn this boot. */
export function nextStart(record: MemberRecord, boot: Uint8Array): MemberRecord {
  const history = [boot.slice(0, MARK_BYTES), ...record.history].slice(0, MAX_HISTORY)
  return { ...record, starts: record.starts + 1, history }
}

function writeRefusal(writer: Writer, refusal: DirectoryRefusal | null): void {
  writer.u8(refusal === null ? 0 : REFUSALS.indexOf(refusal.reason) + 1)
  if (refusal === null) return
  writeName(writer, refusal.by)
  writeStart(writer, refusal.remembered)
}

function readRefusal(reader: Reader): DirectoryRefusal | null {
  const code = reader.u8()
  if (code === 0) return null
  const reason = REFUSALS[code - 1]
  if (reason === undefined) throw new FormatError(`it was refused for a reason ${code}, which is not known`)
  return { reason, by: readName(reader), remembered: readStart(reader) }
}

function writeStart(writer: Writer, { storeId, starts }: Pick<MemberStart, 'storeId' | 'starts'>): void {
  writer.raw(Buffer.from(storeId, 'hex'))
  writer.u64(starts)
}

function readStart(reader: Reader): Pick<MemberStart, 'storeId' | 'starts'> {
  return { storeId: Buffer.from(reader.raw(STORE_ID_BYTES)).toString('hex'), starts: reader.u64() }
}

function writeName(writer: Writer, name: string): void {
  const bytes = encodeName('a member id', name)
  writer.u8(bytes.length)
  writer.raw(bytes)
}

function readName(reader: Reader): string {
  return utf8.decode(reader.raw(reader.u8()))
}

function writeCount(writer: Writer, count: number): void {
  writer.u8(count & 0xff)
  writer.u8(count >>> 8)
}

function readCount(reader: Reader): number {
  return reader.u8() + 256 * reader.u8()
}
