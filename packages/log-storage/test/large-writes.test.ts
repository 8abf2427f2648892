import { expect, test } from 'vitest'
import { FileWindow } from '../src/file-window.js'
import { commands, contentsOf, storageOn, write } from './support/log.js'
import { TestDisk } from './support/test-disk.js'
import { segment } from './support/written-log.js'

const MEGABYTE = 2 ** 20
const SEGMENT_BYTES = 8 * MEGABYTE

/** One write an entry, in segments that are read in parts when they are opened. */
async function logOf(sizes: readonly number[], segmentBytes = SEGMENT_BYTES) {
  const disk = new TestDisk()
  const storage = storageOn(disk, { segmentBytes })
  await storage.open()
  for (const [i, size] of sizes.entries()) await write(storage, [commands(i + 1, 1, [Buffer.alloc(size, 97 + i)])])
  await storage.close()
  disk.kill()
  return disk
}

const entriesIn = async (disk: TestDisk) => {
  const { entries } = await contentsOf(storageOn(disk, { segmentBytes: SEGMENT_BYTES }))
  return entries.map((entry) => `${entry.length - 2} ${entry.at(-1)}`)
}

/** Around the size of a part, and many times it. */
const SIZES = [10, MEGABYTE - 1200, 300, 3 * MEGABYTE, 20, 400_000, 700_000, MEGABYTE, 500_000, 100]

test('writes across the parts in which a segment is read are all there, in one segment and the next', async () => {
  const disk = await logOf([...SIZES, ...SIZES])
  expect(disk.paths()).toContain(segment(3))
  expect(await entriesIn(disk)).toEqual([...SIZES, ...SIZES].map((size, i) => `${size} ${String.fromCharCode(97 + i)}`))
})

test.each([0, 1.5, 2.9])(
  'a byte %d MB into the last write is wrong: it was torn; with another behind it, the log is damaged',
  async (at) => {
    const disk = await logOf([10, 300_000, 3 * MEGABYTE, 20])
    const bytes = Buffer.from(disk.contents(segment(1)))
    const large = bytes.indexOf('ccc') + Math.floor(at * MEGABYTE)
    const last = bytes.lastIndexOf('dd')
    const flip = (path: string, place: number) =>
      disk.change(path, (changed) => {
        changed[place] = (changed[place] as number) ^ 1
      })
    flip(segment(1), large)
    await expect(storageOn(disk).open()).rejects.toMatchObject({ code: 'RAFT_LOG_DAMAGED' })
    disk.change(segment(1), (changed) => changed.fill(0, last - (last % 512)))
    const storage = storageOn(disk, { segmentBytes: SEGMENT_BYTES })
    await storage.open()
    expect(storage.tornWrite).toMatchObject({ file: segment(1) })
    await storage.close()
    expect(await entriesIn(disk)).toEqual(['10 a', '300000 b'])
  },
)

test('what is not zero, parts behind the last write, is no clean end; in a later segment, it shows that something is missing', async () => {
  const disk = await logOf([10, 20])
  const end = disk.contents(segment(1)).length - 1
  disk.change(segment(1), (bytes) => bytes.fill(1, end))
  const used = new Uint8Array(SEGMENT_BYTES).fill(1, SEGMENT_BYTES - 1)
  disk.replace(segment(2), used)
  await expect(storageOn(disk).open()).rejects.toMatchObject({ code: 'RAFT_LOG_DAMAGED' })
  disk.replace(segment(2), used.fill(0))
  const storage = storageOn(disk, { segmentBytes: SEGMENT_BYTES })
  await storage.open()
  expect(storage.tornWrite).toMatchObject({ file: segment(1) })
  expect(disk.contents(segment(1))[end]).toBe(0)
  await storage.close()
  expect(await entriesIn(disk)).toEqual(['10 a', '20 b'])
})

test.each([
  ['many', 8192, Array.from({ length: 15 }, () => 10)],
  ['one that is larger than a segment', 8192, [10_000]],
])('a segment that writes have filled, %s, is no longer after it was opened', async (_, segmentBytes, sizes) => {
  const disk = await logOf(sizes, segmentBytes)
  const filled = disk.contents(segment(1)).length
  expect(
    disk
      .contents(segment(1))
      .subarray(-512)
      .some((byte) => byte !== 0),
  ).toBe(true)
  expect(await entriesIn(disk)).toHaveLength(sizes.length)
  expect(disk.contents(segment(1))).toHaveLength(filled)
})

test('a file that turns out shorter than it said ends there', async () => {
  const window = new FileWindow()
  const read = (_target: Uint8Array, _offset: number, length: number, position: number, done: (error: null, count: number) => void) =>
    done(null, Math.min(length, Math.max(0, 1500 - position)))
  await window.open({ size: async () => 2000, read, write: () => {}, close: async () => {} })
  await window.load(0, 1000)
  expect([window.size, window.to, window.has(2000)]).toEqual([1500, 1500, true])
})
