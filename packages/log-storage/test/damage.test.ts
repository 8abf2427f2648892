import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from 'vitest'
import { LogDamagedError } from '../src/index.js'
import { commands, contentsOf, read, storageOn, write } from './support/log.js'
import { randomFrom } from './support/random.js'
import { SimulatedFileSystem } from './support/simulated-file-system.js'
import { attempt, SEGMENT_BYTES, segment, writeLog } from './support/written-log.js'

/**
 * Changes some bytes of one file. True when that may have reached all that was written last, as though it had
 * never been: no log can tell that from its own files alone.
 */
function damage(disk: SimulatedFileSystem, path: string, random: () => number): boolean {
  const old = disk.contents(path)
  const at = Math.floor(random() * old.length)
  const way = random()
  if (way < 0.2) {
    disk.replace(path, old.slice(0, at))
    return old.length > SEGMENT_BYTES
  }
  const bytes = old.slice()
  const length = Math.min(old.length - at, 1 + Math.floor(random() ** 3 * 2000))
  const from = Math.floor(random() * (old.length - length))
  if (way < 0.6) bytes[at] = (bytes[at] as number) ^ (1 << Math.floor(random() * 8))
  else if (way < 0.8) bytes.fill(0, at, at + length)
  else bytes.copyWithin(at, from, from + length)
  disk.replace(path, bytes)
  // Two writes share no sector.
  return way >= 0.6 && Math.floor(at / 512) !== Math.floor((at + length - 1) / 512)
}

/** `pnpm fuzz` sets it to run so many times as much. */
const TIMES = Number(process.env['RAFT_FUZZ'] ?? 1)

test(
  'damaged files by the ten-thousand give the log as it was, or without its last write, or a refusal with file and offset',
  async () => {
    const outcomes = { whole: 0, withoutLast: 0, refused: 0 }
    for (let seed = 1; seed <= 20 * TIMES; seed++) {
      const { disk, models } = await writeLog(seed, 30)
      const random = randomFrom(1000 + seed)
      const paths = disk.paths().filter((path) => path.endsWith('.log'))
      for (let i = 0; i < 600; i++) {
        const copy = disk.clone(random)
        const wiped = damage(copy, paths[Math.floor(random() * paths.length)] as string, random)
        const found = await attempt(copy)
        if (found instanceof LogDamagedError) {
          expect(paths).toContain(found.file)
          expect(found.offset).toBeGreaterThanOrEqual(0)
          outcomes.refused += 1
        } else if (isDeepStrictEqual(found, models.at(-1))) outcomes.whole += 1
        else if (isDeepStrictEqual(found, models.at(-2))) outcomes.withoutLast += 1
        else if (!wiped || !models.some((model) => isDeepStrictEqual(found, model))) expect.fail(`seed ${seed}, damage ${i}`)
      }
    }
    expect(outcomes.whole).toBeGreaterThan(100)
    expect(outcomes.withoutLast).toBeGreaterThan(100)
    expect(outcomes.refused).toBeGreaterThan(1000)
  },
  120_000 * TIMES,
)

describe('trap 22: damage inside the last write is a torn tail, damage before a later write is refused', () => {
  // Three writes of several sectors each, behind the one sector that begins the segment.
  async function threeWrites(): Promise<{ disk: SimulatedFileSystem; starts: number[] }> {
    const disk = new SimulatedFileSystem(randomFrom(1))
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
      disk.contents(segment(1)).fill(0, (starts[2] as number) + sector * 512, (starts[2] as number) + sector * 512 + 512)
      const storage = storageOn(disk)
      expect((await contentsOf(storage)).entries).toHaveLength(8)
      await write(storage, [commands(9, 2, ['after the repair'])])
      await storage.close()
      expect((await contentsOf(storageOn(disk))).entries.at(-1)).toBe('2:after the repair')
    })

    test(`sector ${sector} of the write before is lost: refused, with file and offset of that write`, async () => {
      const { disk, starts } = await threeWrites()
      disk.contents(segment(1)).fill(0, (starts[1] as number) + sector * 512, (starts[1] as number) + sector * 512 + 512)
      await expect(storageOn(disk).open()).rejects.toMatchObject({ code: 'RAFT_LOG_DAMAGED', file: segment(1), offset: starts[1] })
      await expect(storageOn(disk).open()).rejects.toThrow(/join again with an empty directory/)
    })
  }

  test('the header of the last write but one and the body of the last are damaged: refused', async () => {
    const { disk, starts } = await threeWrites()
    disk.contents(segment(1)).fill(1, starts[1] as number, (starts[1] as number) + 20)
    disk.contents(segment(1)).fill(1, (starts[2] as number) + 700, (starts[2] as number) + 720)
    await expect(storageOn(disk).open()).rejects.toMatchObject({ offset: starts[1] })
  })

  test('only bytes without a header follow a damaged write whose own header stands: refused', async () => {
    const { disk, starts } = await threeWrites()
    disk.contents(segment(1)).fill(1, (starts[1] as number) + 700, (starts[1] as number) + 720)
    disk.contents(segment(1)).fill(0, starts[2] as number, (starts[2] as number) + 512)
    await expect(storageOn(disk).open()).rejects.toMatchObject({ offset: starts[1] })
  })

  test('a refusal changes nothing', async () => {
    const { disk, starts } = await threeWrites()
    disk.contents(segment(1))[starts[0] as number] = 0
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
      bytes.fill(0, end, end + 64)
      const model = await contentsOf(storageOn(disk))
      expect(model.entries).toHaveLength(12)
    })
  }
})

test('entries that rot on the disk while it is open are an error of reading, not other entries', async () => {
  const disk = new SimulatedFileSystem(randomFrom(1))
  const storage = storageOn(disk)
  await storage.open()
  await write(storage, [commands(1, 1, ['one', 'two'])])
  const bytes = disk.contents(segment(1))
  const at = Buffer.from(bytes).indexOf('two')
  bytes[at] = 0
  await expect(read(storage, 1, 2)).rejects.toMatchObject({ code: 'RAFT_LOG_DAMAGED', file: segment(1) })
})
