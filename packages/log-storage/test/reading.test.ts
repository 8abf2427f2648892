import { expect, test } from 'vitest'
import type { FileSystem, StorageFile } from '../src/index.js'
import { commands, read, readAll, storageOn, write } from './support/log.js'
import { TestDisk } from './support/test-disk.js'

const SEGMENT_BYTES = 64 * 1024
/** So many entries of 20 KB fit into a segment, each a piece and more than a read puts together. */
const LARGE_PER_SEGMENT = 3

async function logOf(payloads: readonly string[]) {
  const disk = new TestDisk()
  const options = { segmentBytes: SEGMENT_BYTES }
  const writing = storageOn(disk, options)
  await writing.open()
  for (const [i, payload] of payloads.entries()) await write(writing, [commands(i + 1, 1, [payload])])
  await writing.close()
  disk.kill()
  const storage = storageOn(disk, options)
  await storage.open()
  disk.operations.length = 0
  /** Numbers of the segments that were read, one for each call of the system. */
  const reads = async () => {
    // What is read ahead opens its file first.
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
    return disk.operations.flatMap((operation) => /^read 0*(\d+)\.log$/.exec(operation)?.[1] ?? []).map(Number)
  }
  return { disk, storage, reads }
}

const large = (count: number) => Array.from({ length: count }, (_, i) => String.fromCharCode(97 + (i % 26)).repeat(20_000))
const firstOf = (segment: number) => (segment - 1) * LARGE_PER_SEGMENT + 1

test('what many small writes have stored is read with one call of the system', async () => {
  const { storage, reads } = await logOf(Array.from({ length: 100 }, (_, i) => `entry ${i}`))
  const batch = await readAll(storage, 1, 100)
  for (let i = 1; i <= 100; i++) expect(Buffer.from(batch.payload(i)).toString()).toBe(`entry ${i - 1}`)
  expect(await reads()).toEqual([1])
  await storage.close()
})

test('small pieces are put together, and a large one is read alone, as putting together copies', async () => {
  const { storage } = await logOf(['small', 'small', ...large(2), 'small', 'small'])
  expect((await read(storage, 1, 6)).lastIndex).toBe(2)
  expect((await read(storage, 3, 6)).lastIndex).toBe(3)
  expect((await read(storage, 4, 6)).lastIndex).toBe(4)
  expect((await read(storage, 5, 6)).lastIndex).toBe(6)
  await storage.close()
})

test('whoever reads one segment after the other has the next one read meanwhile, and each of them once', async () => {
  const { storage, reads } = await logOf(large(5 * LARGE_PER_SEGMENT))
  await read(storage, firstOf(1), firstOf(1))
  expect(await reads()).toEqual([1])
  await read(storage, firstOf(2), firstOf(2))
  expect(await reads()).toEqual([1, 2, 3])
  await read(storage, firstOf(3), firstOf(3))
  expect(await reads()).toEqual([1, 2, 3, 4])
  await readAll(storage, firstOf(3), 5 * LARGE_PER_SEGMENT)
  expect(await reads()).toEqual([1, 2, 3, 4, 5])
  await storage.close()
})

test('of what somebody has read one after the other, the last is kept, for those who follow closely, and nothing before it', async () => {
  const { storage, reads } = await logOf(large(6 * LARGE_PER_SEGMENT))
  for (const segment of [1, 2, 3, 4]) await read(storage, firstOf(segment), firstOf(segment))
  expect((await reads()).sort()).toEqual([1, 2, 3, 4, 5])
  await read(storage, firstOf(3), firstOf(3))
  expect((await reads()).sort()).toEqual([1, 2, 3, 4, 5])
  await read(storage, firstOf(2), firstOf(2))
  expect((await reads()).sort()).toEqual([1, 2, 2, 3, 4, 5])
  await storage.close()
})

test('whoever reads here and there has nothing read that was not asked for', async () => {
  const { storage, reads } = await logOf(large(5 * LARGE_PER_SEGMENT))
  for (const segment of [5, 1, 3]) await read(storage, firstOf(segment), firstOf(segment))
  expect(await reads()).toEqual([5, 1, 3])
  await storage.close()
})

test('several who read the log at places far apart do not take from each other what was read for them', async () => {
  const { storage, reads } = await logOf(large(22 * LARGE_PER_SEGMENT))
  const readers = [1, 8, 15]
  for (let step = 0; step < 6; step++) {
    for (let i = 0; i < LARGE_PER_SEGMENT; i++)
      for (const segment of readers) await read(storage, firstOf(segment + step) + i, firstOf(segment + step) + i)
    if (step > 0) expect(await reads()).toEqual(expect.arrayContaining(readers.map((segment) => segment + step + 1)))
  }
  const each = await reads()
  expect(new Set(each).size).toBe(each.length)
  await storage.close()
})

test('two who read close to one another have it read once', async () => {
  const { storage, reads } = await logOf(large(8 * LARGE_PER_SEGMENT))
  for (let index = 1; index <= 6 * LARGE_PER_SEGMENT; index++)
    for (const one of [index, index - 2, index - LARGE_PER_SEGMENT]) if (one > 0) await read(storage, one, one)
  expect((await reads()).sort()).toEqual([1, 2, 3, 4, 5, 6, 7])
  await storage.close()
})

test('who has read the end of the log leaves nothing in memory', async () => {
  const { storage, reads } = await logOf(large(3 * LARGE_PER_SEGMENT))
  await readAll(storage, 1, 3 * LARGE_PER_SEGMENT)
  expect((await reads()).sort()).toEqual([1, 2, 3])
  await read(storage, 2 * LARGE_PER_SEGMENT, 2 * LARGE_PER_SEGMENT)
  await read(storage, 3 * LARGE_PER_SEGMENT, 3 * LARGE_PER_SEGMENT)
  expect((await reads()).sort()).toEqual([1, 2, 2, 3, 3])
  await storage.close()
})

test('a piece of more than a megabyte is not kept, nor read ahead', async () => {
  const { storage, reads } = await logOf([...large(2 * LARGE_PER_SEGMENT), 'x'.repeat(1_100_000), 'small'])
  await readAll(storage, 1, 2 * LARGE_PER_SEGMENT)
  expect(await reads()).toEqual([1, 2])
  const last = 2 * LARGE_PER_SEGMENT + 1
  await read(storage, last, last)
  await read(storage, last, last)
  expect((await reads()).sort()).toEqual([1, 2, 3, 3, 4])
  await storage.close()
})

test.each(['read', 'open'])(
  "an error of reading ahead is nobody's; one of what was asked for is told, and asked again it is read again (%s)",
  async (failing) => {
    const { disk, storage } = await logOf(large(3 * LARGE_PER_SEGMENT))
    disk.fail = (operation, path) => (operation === failing && path.endsWith('3.log') ? new Error('EIO: no luck') : null)
    await read(storage, firstOf(1), firstOf(1))
    await read(storage, firstOf(2), firstOf(2))
    await new Promise((resolve) => setTimeout(resolve, 0))
    await expect(read(storage, firstOf(3), firstOf(3))).rejects.toThrow('no luck')
    disk.fail = () => null
    expect((await read(storage, firstOf(3), firstOf(3))).count).toBe(1)
    await storage.close()
  },
)

test('a piece that is damaged is not read, and those beside it are', async () => {
  const { disk, storage } = await logOf(['first', 'second', 'third'])
  const [path] = disk.paths().filter((name) => name.endsWith('1.log')) as [string]
  disk.change(path, (bytes) => {
    const at = Buffer.from(bytes).indexOf('second')
    bytes[at] = 0
  })
  expect((await read(storage, 1, 1)).count).toBe(1)
  await expect(read(storage, 2, 2)).rejects.toMatchObject({ code: 'RAFT_LOG_DAMAGED' })
  expect((await read(storage, 3, 3)).count).toBe(1)
  await storage.close()
})

test('close waits for what is read ahead before it closes the file, and keeps none open', async () => {
  const { disk, storage } = await logOf(large(4 * LARGE_PER_SEGMENT))
  await storage.close()
  const watched = new FilesInUse(disk.fileSystem)
  const again = storageOn({ fileSystem: watched.fileSystem, randomBytes: disk.randomBytes }, { segmentBytes: SEGMENT_BYTES })
  await again.open()
  await read(again, firstOf(1), firstOf(1))
  await read(again, firstOf(2), firstOf(2))
  await again.close()
  expect(watched.closedInUse).toBe(0)
  expect(disk.openFiles).toBe(0)
})

/** Counts files that are closed while they are read: the system may have given their number to another file by then. */
class FilesInUse {
  readonly fileSystem: FileSystem
  closedInUse = 0

  constructor(fileSystem: FileSystem) {
    this.fileSystem = { ...bound(fileSystem), open: async (path) => this.#watch(await fileSystem.open(path)) }
  }

  #watch(file: StorageFile): StorageFile {
    let reading = 0
    return {
      ...bound(file),
      read: (target, offset, length, position, done) => {
        reading += 1
        file.read(target, offset, length, position, (error, count) => {
          reading -= 1
          done(error, count)
        })
      },
      close: () => {
        if (reading > 0) this.closedInUse += 1
        return file.close()
      },
    }
  }
}

/** All methods, as properties of their own. */
function bound<T extends object>(from: T): T {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(from)).concat(Object.keys(from)) as (keyof T)[]
  const methods = names.filter((name) => typeof from[name] === 'function').map((name) => [name, (from[name] as () => unknown).bind(from)])
  return Object.fromEntries(methods) as T
}
