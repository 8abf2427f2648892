import { readdir, readFile } from 'node:fs/promises'
import { LogDamagedError } from '../errors.js'

/*
 * LevelDB writes to a log first, and when it opens one in which a record is not whole it takes the rest of that block (32 KiB)
 * for a torn tail and goes on without: acknowledged writes would be forgotten in silence. But a write begins only when the one
 * before was durable. So what is not whole is a torn tail if and only if no write begins behind it, and is damage otherwise.
 *
 * The format (doc/log_format.md of LevelDB): blocks of 32 KiB, in them records of crc32c u32 (masked), length u16, type u8 and
 * data; a record longer than its block's rest is cut into fragments.
 */

const BLOCK_BYTES = 32 * 1024
const HEADER_BYTES = 7
/** A record in one piece, and the first fragment of one. */
const FULL = 1
const FIRST = 2
const LAST = 4
const MASK_DELTA = 0xa282ead8

/** @throws LogDamagedError when a log in the directory of a database holds something that is not whole, and a write behind it. */
export async function refuseDamagedLogs(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => /^\d+\.log$/.test(name))
  names.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
  let broken: LogDamagedError | null = null
  for (const name of names) {
    const file = `${directory}/${name}`
    const found = scan(await readFile(file))
    if (broken !== null && found.writes > 0) throw broken
    if (found.brokenAt !== null) broken = new LogDamagedError(file, found.brokenAt, 'a record is not whole, and another follows')
    if (broken !== null && found.writesBehind > 0) throw broken
  }
}

interface Scanned {
  /** Where the first record that is not whole begins. */
  readonly brokenAt: number | null
  /** How many writes begin before it, or at all. */
  readonly writes: number
  readonly writesBehind: number
}

function scan(bytes: Uint8Array): Scanned {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let brokenAt: number | null = null
  let writes = 0
  let writesBehind = 0
  for (let at = 0; at < bytes.length; ) {
    const left = BLOCK_BYTES - (at % BLOCK_BYTES)
    // Too short for a record: it is filled with zeros.
    if (left < HEADER_BYTES) {
      at += left
      continue
    }
    const length = lengthOfRecord(view, at, left)
    if (length === null) {
      brokenAt ??= at
      // Its length may be what is damaged: the next may begin anywhere.
      at += 1
      continue
    }
    const type = view.getUint8(at + 6)
    if (type === FULL || type === FIRST) {
      if (brokenAt === null) writes += 1
      else writesBehind += 1
    }
    at += HEADER_BYTES + length
  }
  return { brokenAt, writes, writesBehind }
}

/** Of the data of the record that stands whole at `at`, `left` bytes before its block ends; null where none does. */
function lengthOfRecord(view: DataView, at: number, left: number): number | null {
  if (at + HEADER_BYTES > view.byteLength) return null
  const type = view.getUint8(at + 6)
  if (type < FULL || type > LAST) return null
  const length = view.getUint16(at + 4, true)
  const end = at + HEADER_BYTES + length
  if (HEADER_BYTES + length > left || end > view.byteLength) return null
  return view.getUint32(at, true) === masked(crc32c(view, at + 6, end)) ? length : null
}

/** LevelDB's way of storing a checksum in what may itself be checked. */
function masked(checksum: number): number {
  return (((checksum >>> 15) | (checksum << 17)) + MASK_DELTA) >>> 0
}

/** CRC-32C (Castagnoli), which node:zlib does not have. */
function crc32c(view: DataView, from: number, to: number): number {
  let checksum = 0xffff_ffff
  for (let at = from; at < to; at++) checksum = (TABLE[(checksum ^ view.getUint8(at)) & 0xff] as number) ^ (checksum >>> 8)
  return (checksum ^ 0xffff_ffff) >>> 0
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let checksum = byte
  for (let bit = 0; bit < 8; bit++) checksum = (checksum & 1) === 1 ? (checksum >>> 1) ^ 0x82f63b78 : checksum >>> 1
  return checksum
})
