import { open } from 'node:fs/promises'
import { LogDamagedError } from '../errors.js'

const MAGIC = 0xbeefc0de
/** Where it may stand: behind the header of a page, of which there are two sizes. Numbers and pointers of 64 bits follow. */
const MAGIC_PLACES = [24, 16]
const PAGE_SIZE_OFFSET = 24
const LAST_PAGE_OFFSET = 120
const HEAD_BYTES = 192

/**
 * LMDB maps its file, and to touch what lies behind its end ends the process. The last page that counts may lie there rightly,
 * for pages that were freed in the write that took them are not written; so a file that is too short is made longer, by zeros,
 * which LMDB and the checksums of records refuse where something else was.
 *
 * @throws LogDamagedError when it is no file of LMDB's
 */
export async function lengthenDataFile(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    const { size } = await file.stat()
    const read = async (position: number) => {
      const bytes = Buffer.alloc(HEAD_BYTES)
      await file.read(bytes, 0, HEAD_BYTES, position)
      return bytes
    }
    const first = await read(0)
    const place = MAGIC_PLACES.find((at) => first.readUInt32LE(at) === MAGIC)
    if (place === undefined) throw new LogDamagedError(path, 0, 'it does not begin as a file of LMDB does')
    const pageSize = first.readUInt32LE(place + PAGE_SIZE_OFFSET)
    if (pageSize < 256 || pageSize > 65_536) throw new LogDamagedError(path, place, `pages of ${pageSize} bytes`)
    const lastPages = [first, await read(pageSize)].map((meta) => Number(meta.readBigUInt64LE(place + LAST_PAGE_OFFSET)))
    const needed = (Math.max(...lastPages) + 1) * pageSize
    if (size < needed && Number.isSafeInteger(needed)) await file.truncate(needed)
  } finally {
    await file.close()
  }
}
