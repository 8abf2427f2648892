import { type Reader, StorageError, Writer } from '@raft/core'

/** What the first write of every segment says beside the hard state. */
export interface SegmentMeta {
  readonly number: number
  /** Bytes that the file was given, as zeros, before it got its name: a shorter one was cut. */
  readonly allocated: number
  /** The log begins behind this entry. */
  readonly baseIndex: number
  readonly baseTerm: number
  readonly storeId: string
  readonly clusterId: string
  readonly memberId: string
}

export const LOCK_NAME = 'lock'
/** Both are beside the log: they are removed on opening. */
export const FORMATTING_NAME = 'formatting.tmp'
export const PREPARING_NAME = 'preparing.tmp'

/** The smallest size of a segment. A file has its full size before it gets its name, so that a shorter one was cut. */
export const MIN_SEGMENT_BYTES = 4096

export const STORE_ID_BYTES = 16
const text = new TextEncoder()
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function segmentName(number: number): string {
  return `${String(number).padStart(16, '0')}.log`
}

/** The number of a segment's file; null for any other name. */
export function segmentNumber(name: string): number | null {
  const digits = /^(\d{16})\.log$/.exec(name)?.[1]
  return digits === undefined ? null : Number(digits)
}

export function encodeSegmentMeta(meta: SegmentMeta): Uint8Array {
  const cluster = encodeName('a cluster id', meta.clusterId)
  const member = encodeName('a member id', meta.memberId)
  const writer = new Writer(new Uint8Array(4 * 8 + STORE_ID_BYTES + 2 + cluster.length + member.length))
  writer.u64(meta.number)
  writer.u64(meta.allocated)
  writer.u64(meta.baseIndex)
  writer.u64(meta.baseTerm)
  writer.raw(Buffer.from(meta.storeId, 'hex'))
  writer.u8(cluster.length)
  writer.raw(cluster)
  writer.u8(member.length)
  writer.raw(member)
  return writer.bytes
}

export function decodeSegmentMeta(reader: Reader): SegmentMeta {
  return {
    number: reader.u64(),
    allocated: reader.u64(),
    baseIndex: reader.u64(),
    baseTerm: reader.u64(),
    storeId: Buffer.from(reader.raw(STORE_ID_BYTES)).toString('hex'),
    clusterId: utf8.decode(reader.raw(reader.u8())),
    memberId: utf8.decode(reader.raw(reader.u8())),
  }
}

export function encodeName(what: string, name: string): Uint8Array {
  const bytes = text.encode(name)
  if (bytes.length < 1 || bytes.length > 255) throw new StorageError(`${what} of ${bytes.length} bytes, where 1 to 255 can be stored`)
  return bytes
}
