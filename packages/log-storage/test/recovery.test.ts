import type { EntryBatch, HardState } from '@raft/core'
import { describe, expect, test } from 'vitest'
import { type FileSystem, LogDamagedError } from '../src/index.js'
import { encodeSegmentMeta } from '../src/segment-format.js'
import { encodeWrite, parseHeader, type WriteHeader } from '../src/write-format.js'
import { commands, contentsOf, storageOn, write } from './support/log.js'
import { TestDisk } from './support/test-disk.js'
import { attempt, segment, writeLog } from './support/written-log.js'

const SECTOR = 512
const SEGMENT_BYTES = 64 * SECTOR

/** A log of three writes of one sector each, behind the one that begins the segment. */
async function threeWrites(texts: readonly string[] = ['one', 'two', 'three'], disk = new TestDisk()): Promise<TestDisk> {
  const storage = storageOn(disk, { segmentBytes: SEGMENT_BYTES })
  await storage.open()
  for (const [i, text] of texts.entries()) await write(storage, [commands(1 + i, 1, [text])])
  await storage.close()
  return disk
}

const sectorOf = (disk: TestDisk, number: number) => disk.contents(segment(1)).slice(number * SECTOR, (number + 1) * SECTOR)

function setSector(disk: TestDisk, number: number, bytes: Uint8Array): void {
  disk.change(segment(1), (all) => all.set(bytes, number * SECTOR))
}

const refusalOf = async (disk: TestDisk): Promise<LogDamagedError> => {
  const { found } = await attempt(disk)
  expect(found).toBeInstanceOf(LogDamagedError)
  return found as LogDamagedError
}

interface Forged {
  readonly entries?: readonly EntryBatch[]
  readonly meta?: Uint8Array
  readonly hardState?: HardState
}

/** Puts a write in place of the one in this sector that goes on with the chain in the same way, and says something else. */
function forge(disk: TestDisk, number: number, { entries = [], meta, hardState }: Forged): void {
  const bytes = disk.contents(segment(1))
  const header = parseHeader(bytes, number * SECTOR, null) as WriteHeader
  const salt = bytes.slice(number * SECTOR + 24, number * SECTOR + 32)
  const forged = encodeWrite(header, 0, salt, hardState ?? null, meta ?? null, entries, (count) => new Uint8Array(count))
  setSector(disk, number, forged.bytes.subarray(0, forged.length))
}

/** A disk's file system that notes what is written to which place of which file. */
function noting(disk: TestDisk): { fileSystem: FileSystem; writes: { path: string; from: number; to: number }[] } {
  const writes: { path: string; from: number; to: number }[] = []
  const inner = disk.fileSystem
  const fileSystem: FileSystem = Object.assign(Object.create(inner), {
    open: async (path: string) => {
      const file = await inner.open(path)
      return Object.assign(Object.create(file), {
        write: (
          source: Uint8Array,
          offset: number,
          length: number,
          position: number,
          done: (error: Error | null, count: number) => void,
        ) => {
          writes.push({ path, from: position, to: position + length })
          file.write(source, offset, length, position, done)
        },
        size: () => file.size(),
        read: file.read.bind(file),
        close: () => file.close(),
      })
    },
  })
  for (const name of ['createDirectory', 'list', 'create', 'rename', 'remove', 'syncDirectory', 'lock'] as const)
    Object.assign(fileSystem, { [name]: (...args: never[]) => (inner[name] as (...all: never[]) => unknown).apply(inner, args) })
  return { fileSystem, writes }
}

/** What opening the log writes to its segments that hold writes. */
async function writesOfOpening(disk: TestDisk, segmentBytes = SEGMENT_BYTES) {
  const { fileSystem, writes } = noting(disk)
  const storage = storageOn(disk, { fileSystem, segmentBytes })
  await storage.open()
  await storage.close()
  return writes.filter(({ path }) => path === segment(1)).map(({ from, to }) => [from, to])
}

describe('a log that is opened', () => {
  test('has the term and vote that were stored last, whatever was written after them', async () => {
    const disk = new TestDisk()
    const storage = storageOn(disk)
    await storage.open()
    await write(storage, [], { currentTerm: 4, votedFor: 'n2' })
    await write(storage, [commands(1, 4, ['x'])])
    await storage.close()
    expect((await contentsOf(storageOn(disk))).hardState).toEqual({ currentTerm: 4, votedFor: 'n2' })
  })

  test('and of which nothing is torn says so, also where a segment was made ready behind it', async () => {
    const { disk } = await writeLog(7, 60)
    expect((await attempt(disk)).torn).toBe(null)
    disk.replace(segment(disk.paths().filter((path) => path.endsWith('.log')).length + 1), new Uint8Array(4096))
    expect((await attempt(disk)).torn).toBe(null)
  })

  test('has its last write stored again, with the zeros of one sector behind it, and nothing else', async () => {
    const disk = await threeWrites()
    expect(await writesOfOpening(disk)).toEqual([[3 * SECTOR, 5 * SECTOR]])
  })

  test('has its last write stored again without zeros where that ends with the segment', async () => {
    const disk = new TestDisk()
    const storage = storageOn(disk, { segmentBytes: 4096 })
    await storage.open()
    await write(storage, [commands(1, 1, [Buffer.alloc(4096 - SECTOR - 200)])])
    await storage.close()
    expect(await writesOfOpening(disk, 4096)).toEqual([[SECTOR, 4096]])
  })

  test('has its last write alone stored again, however far into the file that lies', async () => {
    const disk = new TestDisk()
    const segmentBytes = 8192 * SECTOR
    const storage = storageOn(disk, { segmentBytes })
    await storage.open()
    const texts = [700_000, 700_000, 700_000, 10]
    for (const [i, length] of texts.entries()) await write(storage, [commands(1 + i, 1, [Buffer.alloc(length, 65)])])
    await storage.close()
    const [only, ...others] = await writesOfOpening(disk, segmentBytes)
    expect(others).toEqual([])
    expect((only?.[1] as number) - (only?.[0] as number)).toBe(2 * SECTOR)
  })

  test('and whose last write is torn has that erased before anything else, and touches nothing before it', async () => {
    const disk = await threeWrites()
    disk.change(segment(1), (bytes) => bytes.fill(1, 3 * SECTOR + 100, 3 * SECTOR + 110))
    expect(await writesOfOpening(disk)).toEqual([
      [3 * SECTOR, 4 * SECTOR],
      [4 * SECTOR, SEGMENT_BYTES],
      [2 * SECTOR, 4 * SECTOR],
    ])
    expect((await contentsOf(storageOn(disk))).entries).toEqual(['1:one', '1:two'])
  })
})

describe('a write that is not whole, and after which something was written, is refused with its number', () => {
  test('where the next write stands', async () => {
    const disk = await threeWrites()
    setSector(disk, 2, new Uint8Array(SECTOR))
    const refusal = await refusalOf(disk)
    expect(refusal).toMatchObject({ file: segment(1), offset: 2 * SECTOR })
    expect(refusal.message).toContain(`write 3 is not whole, and write 4 follows at byte ${3 * SECTOR}`)
  })

  test('where its own header stands, and only bytes follow', async () => {
    const disk = await threeWrites()
    disk.change(segment(1), (bytes) => bytes.fill(1, 2 * SECTOR + 100, 2 * SECTOR + 110))
    setSector(disk, 3, new Uint8Array(SECTOR).fill(7))
    expect((await refusalOf(disk)).message).toContain('write 3 is not whole, and another was written behind it')
  })

  test('where a whole segment is zeros and a later one holds writes', async () => {
    const { disk } = await writeLog(7, 60)
    const sequenceOf = (number: number) => parseHeader(disk.contents(segment(number)), 0, null)?.sequence
    const missing = sequenceOf(2)
    disk.replace(segment(2), new Uint8Array(disk.contents(segment(2)).length))
    const refusal = await refusalOf(disk)
    expect(refusal).toMatchObject({ file: segment(2), offset: 0 })
    expect(refusal.message).toContain(`write ${missing} is missing, and 0000000000000003.log follows`)
  })
})

describe('a whole write in the place of another is refused', () => {
  test('when it is an earlier one of the same log', async () => {
    const disk = await threeWrites()
    setSector(disk, 3, sectorOf(disk, 1))
    const refusal = await refusalOf(disk)
    expect(refusal.offset).toBe(3 * SECTOR)
    expect(refusal.message).toContain('write 2 where 4 was due')
  })

  test('when it has the right number and follows other writes', async () => {
    const disk = new TestDisk()
    const storage = storageOn(disk, { segmentBytes: SEGMENT_BYTES })
    await storage.open()
    await storage.close()
    const other = await threeWrites(['uno', 'due', 'tre'], disk.clone(2))
    await threeWrites(['one', 'two', 'three'], disk)
    expect(sectorOf(other, 3).slice(24, 32)).toEqual(sectorOf(disk, 3).slice(24, 32))
    setSector(disk, 3, sectorOf(other, 3))
    const refusal = await refusalOf(disk)
    expect(refusal).toMatchObject({ file: segment(1), offset: 3 * SECTOR })
  })
})

describe('a write that fits the chain is refused all the same', () => {
  test('when its entries do not follow those before', async () => {
    const disk = await threeWrites()
    forge(disk, 3, { entries: [commands(9, 1, ['x'])] })
    const refusal = await refusalOf(disk)
    expect(refusal.offset).toBe(3 * SECTOR)
    expect(refusal.message).toContain('entries from 9 on, behind a log that holds 1 to 2')
  })

  const meta = {
    number: 1,
    allocated: SEGMENT_BYTES,
    baseIndex: 0,
    baseTerm: 0,
    storeId: '00'.repeat(16),
    clusterId: 'c1',
    memberId: 'n1',
  }

  test('when it begins a segment in the middle of one', async () => {
    const disk = await threeWrites()
    forge(disk, 3, { meta: encodeSegmentMeta(meta) })
    const refusal = await refusalOf(disk)
    expect(refusal.offset).toBe(3 * SECTOR)
    expect(refusal.message).toContain('a segment begins where none can')
  })

  test('when the first of a segment does not begin it', async () => {
    const disk = await threeWrites([])
    forge(disk, 0, { entries: [commands(1, 1, ['x'])] })
    expect((await refusalOf(disk)).message).toContain('a segment begins where none can')
  })

  test('when what a segment says of itself ends too early', async () => {
    const disk = await threeWrites([])
    forge(disk, 0, { meta: encodeSegmentMeta(meta).slice(0, -1) })
    const refusal = await refusalOf(disk)
    expect(refusal).toMatchObject({ file: segment(1), offset: 0 })
    expect(refusal.message).toContain('cut short')
  })
})

test('a log whose beginning cannot be read is refused as that, and stays as it is', async () => {
  const disk = await threeWrites([])
  disk.change(segment(1), (bytes) => bytes.fill(1, 0, 4))
  const before = disk.contents(segment(1)).slice()
  const refusal = await refusalOf(disk)
  expect(refusal).toMatchObject({ file: segment(1), offset: 0 })
  expect(refusal.message).toContain('the beginning of the log cannot be read')
  expect(disk.contents(segment(1))).toEqual(before)
})
