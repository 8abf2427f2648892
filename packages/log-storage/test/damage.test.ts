import { describe, expect, test } from 'vitest'
import { LogDamagedError } from '../src/index.js'
import { commands, contentsOf, read, storageOn, write } from './support/log.js'
import { TestDisk } from './support/test-disk.js'
import { segment, writeLog } from './support/written-log.js'

describe('trap 22: damage inside the last write is a torn tail, damage before a later write is refused', () => {
  // Three writes of several sectors each, behind the one sector that begins the segment.
  async function threeWrites(): Promise<{ disk: TestDisk; starts: number[] }> {
    const disk = new TestDisk()
    const storage = storageOn(disk, { segmentBytes: 64 * 512 })
    await storage.open()
    const starts: number[] = []
    let at = 512
    for (let i = 0; i < 3; i++) {
      await write(storage, [
        commands(
          1 + i * 4,
          1,
          Array.from({ length: 4 }, () => Buffer.alloc(500, 65 + i)),
        ),
      ])
      starts.push(at)
      at += 5 * 512
    }
    await storage.close()
    expect(Buffer.from(disk.contents(segment(1)).subarray(at - 512, at)).every((byte) => byte === 0)).toBe(false)
    return { disk, starts }
  }

  for (let sector = 0; sector < 5; sector++) {
    test(`sector ${sector} of the last write is lost and the later ones look whole: the write is not there`, async () => {
      const { disk, starts } = await threeWrites()
      disk.change(segment(1), (bytes) => bytes.fill(0, (starts[2] as number) + sector * 512, (starts[2] as number) + sector * 512 + 512))
      const storage = storageOn(disk)
      expect((await contentsOf(storage)).entries).toHaveLength(8)
      expect(storage.tornWrite).toEqual({ file: segment(1), offset: starts[2] })
      await write(storage, [commands(9, 2, ['after the repair'])])
      await storage.close()
      const again = storageOn(disk)
      expect(() => again.tornWrite).toThrow(/not open/)
      expect((await contentsOf(again)).entries.at(-1)).toBe('2:after the repair')
      expect(again.tornWrite).toBe(null)
    })

    test(`sector ${sector} of the write before is lost: refused, with file and offset of that write`, async () => {
      const { disk, starts } = await threeWrites()
      disk.change(segment(1), (bytes) => bytes.fill(0, (starts[1] as number) + sector * 512, (starts[1] as number) + sector * 512 + 512))
      await expect(storageOn(disk).open()).rejects.toMatchObject({ code: 'RAFT_LOG_DAMAGED', file: segment(1), offset: starts[1] })
      await expect(storageOn(disk).open()).rejects.toThrow(/cannot be replaced yet/)
    })
  }

  test('the header of the last write but one and the body of the last are damaged: refused', async () => {
    const { disk, starts } = await threeWrites()
    disk.change(segment(1), (bytes) => bytes.fill(1, starts[1] as number, (starts[1] as number) + 20))
    disk.change(segment(1), (bytes) => bytes.fill(1, (starts[2] as number) + 700, (starts[2] as number) + 720))
    await expect(storageOn(disk).open()).rejects.toMatchObject({ offset: starts[1] })
  })

  test('only bytes without a header follow a damaged write whose own header stands: refused', async () => {
    const { disk, starts } = await threeWrites()
    disk.change(segment(1), (bytes) => bytes.fill(1, (starts[1] as number) + 700, (starts[1] as number) + 720))
    disk.change(segment(1), (bytes) => bytes.fill(0, starts[2] as number, (starts[2] as number) + 512))
    await expect(storageOn(disk).open()).rejects.toMatchObject({ offset: starts[1] })
  })

  test('a refusal changes nothing', async () => {
    const { disk, starts } = await threeWrites()
    disk.change(segment(1), (bytes) => bytes.fill(0, starts[0], (starts[0] as number) + 1))
    const before = disk.paths().map((path) => Buffer.from(disk.contents(path)))
    await expect(storageOn(disk).open()).rejects.toThrow(LogDamagedError)
    expect(disk.paths().map((path) => Buffer.from(disk.contents(path)))).toEqual(before)
  })

  // Headers of the same log are of earlier writes; those of another, though of later ones, have another salt.
  for (const [whose, writes] of [
    ['this', 3],
    ['a longer', 20],
  ] as const) {
    test(`an entry that holds a copy of ${whose} log is not taken for a write when its own is torn`, async () => {
      const { disk, starts } = await threeWrites()
      const end = (starts[2] as number) + 5 * 512
      const other = await writeLog(9, writes)
      const copy =
        writes === 3 ? disk.contents(segment(1)).slice(0, end) : Buffer.concat([1, 2, 3].map((n) => other.disk.contents(segment(n))))
      // Sets the copied headers where headers are looked for: the payload begins 109 bytes behind the beginning of its write.
      const payload = Buffer.concat([Buffer.alloc(512 - 109), copy])
      const storage = storageOn(disk, { segmentBytes: 64 * 512 })
      await storage.open()
      await write(storage, [commands(13, 2, [payload])])
      await storage.close()
      const bytes = disk.contents(segment(1))
      expect(Buffer.from(bytes.subarray(end + 512, end + 516)).toString()).toBe('RFTW')
      disk.replace(segment(1), bytes.fill(0, end, end + 64))
      const model = await contentsOf(storageOn(disk))
      expect(model.entries).toHaveLength(12)
    })
  }
})

test('entries that rot on the disk while it is open are an error of reading, not other entries', async () => {
  const disk = new TestDisk()
  const storage = storageOn(disk)
  await storage.open()
  await write(storage, [commands(1, 1, ['one', 'two'])])
  disk.change(segment(1), (bytes) => {
    bytes[Buffer.from(bytes).indexOf('two')] = 0
  })
  await expect(read(storage, 1, 2)).rejects.toMatchObject({ code: 'RAFT_LOG_DAMAGED', file: segment(1) })
})
