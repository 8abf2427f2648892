import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { LogDamagedError } from '../src/index.js'
import { commands, DIRECTORY, storageOn, write } from './support/log.js'
import { TestDisk } from './support/test-disk.js'
import { attempt, segment, type Written, writeLog } from './support/written-log.js'

async function threeSegments(): Promise<Written> {
  const written = await writeLog(7, 60)
  expect(written.disk.paths().length).toBeGreaterThan(4)
  return written
}

test('a segment in the middle is missing: refused by name', async () => {
  const { disk } = await threeSegments()
  disk.delete(segment(2))
  await expect(storageOn(disk).open()).rejects.toMatchObject({ code: 'RAFT_LOG_DAMAGED', file: segment(2), offset: 0 })
})

test('the first segment is missing: refused', async () => {
  const { disk } = await threeSegments()
  disk.delete(segment(1))
  await expect(storageOn(disk).open()).rejects.toMatchObject({ file: segment(1) })
})

test('two segments have changed places: refused', async () => {
  const { disk } = await threeSegments()
  const second = disk.contents(segment(2))
  disk.replace(segment(2), disk.contents(segment(3)))
  disk.replace(segment(3), second)
  await expect(storageOn(disk).open()).rejects.toThrow(LogDamagedError)
})

test('a segment of another directory, though of the same member, is refused', async () => {
  const { disk } = await threeSegments()
  const other = await writeLog(8, 60)
  disk.replace(segment(2), other.disk.contents(segment(2)))
  await expect(storageOn(disk).open()).rejects.toThrow(LogDamagedError)
})

test('the newest segment was made ready and not used, or torn while it was begun: it is made again', async () => {
  const { disk, models } = await threeSegments()
  const newest = segment(disk.paths().filter((path) => path.endsWith('.log')).length + 1)
  for (const bytes of [new Uint8Array(4096), new Uint8Array(4096).fill(7, 0, 300)]) {
    disk.replace(newest, bytes)
    expect((await attempt(disk)).found).toEqual(models.at(-1))
  }
})

test('a segment of another history of the same directory is refused, though its numbers fit', async () => {
  const disk = new TestDisk()
  const storage = storageOn(disk)
  await storage.open()
  await storage.close()
  const other = disk.clone(2)
  for (const [history, text] of [
    [disk, 'a'],
    [other, 'b'],
  ] as const) {
    const writer = storageOn(history)
    await writer.open()
    for (let i = 1; i <= 12; i++) await write(writer, [commands(i, 1, [text.repeat(600)])])
    await writer.close()
  }
  disk.replace(segment(2), other.contents(segment(2)))
  await expect(storageOn(disk).open()).rejects.toMatchObject({ code: 'RAFT_LOG_DAMAGED', file: segment(2), offset: 0 })
})

test('what is left of a segment that was being begun is gone before the log is used: it would look like a later write', async () => {
  const { disk } = await writeLog(7, 60)
  const newest = segment(disk.paths().filter((path) => path.endsWith('.log')).length + 1)
  disk.replace(newest, new Uint8Array(4096).fill(7, 0, 300))
  // So that no other takes its place.
  disk.fail = (operation) => (operation === 'create' ? new Error('ENOSPC') : null)
  const storage = storageOn(disk)
  await storage.open()
  expect(disk.paths()).not.toContain(newest)
  disk.crash()
  expect(disk.paths()).not.toContain(newest)
})

test('a segment that says it is another is refused', async () => {
  const { disk } = await writeLog(7, 1)
  const bytes = disk.contents(segment(1))
  const view = new DataView(bytes.buffer)
  // Behind the header of 64 bytes and a hard state without a vote stands the segment's number.
  expect(view.getUint32(64 + 9, true)).toBe(1)
  view.setUint32(64 + 9, 2, true)
  view.setUint32(36, crc32(bytes.subarray(64, 64 + view.getUint32(40, true))), true)
  view.setUint32(4, crc32(bytes.subarray(8, 64)), true)
  disk.replace(segment(1), bytes)
  disk.delete(segment(2))
  await expect(storageOn(disk).open()).rejects.toThrow(/segment 2 under another name/)
})

test('the newest segment is empty, which no crash leaves behind: refused', async () => {
  const { disk } = await threeSegments()
  const newest = segment(disk.paths().filter((path) => path.endsWith('.log')).length)
  disk.replace(newest, new Uint8Array(0))
  await expect(storageOn(disk).open()).rejects.toMatchObject({ code: 'RAFT_LOG_DAMAGED', file: newest })
})

test('a file cut by a single byte, though only of the zeros that nobody wrote to, is noticed', async () => {
  const disk = new TestDisk()
  const storage = storageOn(disk, { segmentBytes: 8192 })
  await storage.open()
  await storage.close()
  disk.replace(segment(1), disk.contents(segment(1)).slice(0, -1))
  await expect(storageOn(disk).open()).rejects.toMatchObject({ code: 'RAFT_LOG_DAMAGED', file: segment(1), offset: 8191 })
})

test('a file that is not ours is left alone beside a log, and no log is made beside it', async () => {
  const { disk, models } = await threeSegments()
  disk.replace(`${DIRECTORY}/notes.txt`, Buffer.from('mine'))
  expect((await attempt(disk)).found).toEqual(models.at(-1))
  for (const path of disk.paths()) if (path.endsWith('.log')) disk.delete(path)
  await expect(storageOn(disk).open()).rejects.toMatchObject({ code: 'RAFT_FOREIGN_FILES' })
  await expect(storageOn(disk).open()).rejects.toThrow(/notes\.txt/)
})

test('a file of a later version is refused by its version', async () => {
  const { disk } = await threeSegments()
  disk.change(segment(1), (bytes) => {
    bytes[8] = 2
    new DataView(bytes.buffer).setUint32(4, crc32(bytes.subarray(8, 64)), true)
  })
  await expect(storageOn(disk).open()).rejects.toMatchObject({ code: 'RAFT_UNSUPPORTED_FORMAT' })
})
