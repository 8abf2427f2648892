import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LogDamagedError } from '../src/index.js'
import { LevelLogStorage } from '../src/level/index.js'
import { refuseDamagedLogs } from '../src/level/log-files.js'
import { commands, contentsOf, write } from './support/log.js'

let root: string

beforeEach(async () => {
  root = await mkdtemp(`${tmpdir()}/raft-log-`)
})

afterEach(() => rm(root, { recursive: true }))

const storage = () => new LevelLogStorage({ directory: `${root}/log`, clusterId: 'c1', memberId: 'n1' })

/** The file that the writes of the last opening went to. */
async function logFile(): Promise<string> {
  const names = (await readdir(`${root}/log/level`)).filter((name) => name.endsWith('.log'))
  expect(names).toHaveLength(1)
  return `${root}/log/level/${names[0]}`
}

async function written(payloads: readonly string[]): Promise<void> {
  const log = storage()
  await log.open()
  for (const [i, payload] of payloads.entries()) await write(log, [commands(i + 1, 1, [payload])])
  await log.close()
}

async function change(file: string, at: (bytes: Buffer) => number): Promise<void> {
  const bytes = await readFile(file)
  const place = at(bytes)
  bytes.writeUInt8(bytes.readUInt8(place) ^ 1, place)
  await writeFile(file, bytes)
}

test('a last write that is not whole is torn: what was written before is there', async () => {
  await written(['one', 'two', 'three'])
  await change(await logFile(), (bytes) => bytes.lastIndexOf('three'))
  const log = storage()
  expect((await contentsOf(log)).entries).toEqual(['1:one', '1:two'])
  await write(log, [commands(3, 2, ['again'])])
  await log.close()
  const after = storage()
  expect((await contentsOf(after)).entries).toEqual(['1:one', '1:two', '2:again'])
  await after.close()
})

test('so is one that was cut, and one of which a later fragment alone has reached the disk', async () => {
  await written(['one', 'two', 'x'.repeat(100_000)])
  const file = await logFile()
  await change(file, (bytes) => bytes.indexOf('xxx'))
  const log = storage()
  expect((await contentsOf(log)).entries).toEqual(['1:one', '1:two'])
  await log.close()
  await appendFile(await logFile(), Buffer.from([1, 2, 3, 4, 200, 0, 1, 5, 6]))
  const after = storage()
  expect((await contentsOf(after)).entries).toHaveLength(2)
  await after.close()
})

test.each(['length', 'checksum', 'data'])(
  'damage in the %s of a record with a write behind it is refused, and says where',
  async (what) => {
    await written(['one', 'the second', 'three'])
    const file = await logFile()
    // The batch has a header of 12 bytes behind that of the record; the payload comes later.
    const begins = 7 + ((await readFile(file)).readUInt16LE(4) as number)
    const offset = { checksum: 0, length: 4, data: 9 }[what] as number
    await change(file, () => begins + offset)
    const error = await storage()
      .open()
      .catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(LogDamagedError)
    expect(error).toMatchObject({ file, offset: begins })
  },
)

test('a log with a torn tail is damaged where a later log has writes, and not where that is empty', async () => {
  await written(['one', 'two', 'three'])
  const bytes = await readFile(await logFile())
  await writeFile(`${root}/000009.log`, bytes.subarray(0, bytes.length - 1))
  await writeFile(`${root}/000010.log`, '')
  await expect(refuseDamagedLogs(root)).resolves.toBeUndefined()
  await writeFile(`${root}/000010.log`, bytes)
  await expect(refuseDamagedLogs(root)).rejects.toMatchObject({ file: `${root}/000009.log` })
})
