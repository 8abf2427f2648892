import { describe, expect, test } from 'vitest'
import { applied, commands, contentsOf, emptyModel, type Model, read, storageOn, write } from './support/log.js'
import { TestDisk } from './support/test-disk.js'

function newDisk(seed = 1): TestDisk {
  return new TestDisk(seed)
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: no luck`), { code })
}

test('fault 8: term and vote are durable before they are acknowledged, and never of two times', async () => {
  for (let seed = 0; seed < 300; seed++) {
    const disk = newDisk(seed)
    const storage = storageOn(disk)
    await storage.open()
    await write(storage, [], { currentTerm: 4, votedFor: 'n2' })
    const stopped = disk.stopAfter(0)
    storage.write({ hardState: { currentTerm: 5, votedFor: 'n3' }, entries: [] }, () => expect.fail('acknowledged and lost'))
    await stopped
    disk.crash()
    const { hardState } = await contentsOf(storageOn(disk))
    expect([
      { currentTerm: 4, votedFor: 'n2' },
      { currentTerm: 5, votedFor: 'n3' },
    ]).toContainEqual(hardState)
  }
})

test('fault 9: records are told apart by their length: term 10 and payloads of newlines come back', async () => {
  const disk = newDisk()
  const storage = storageOn(disk)
  await storage.open()
  const payloads = ['\n', '\n\n\n', '', '\r\n10\n', Buffer.alloc(1000, 10)]
  const entries = commands(1, 10, payloads)
  await write(storage, [entries], { currentTerm: 10, votedFor: '\n' })
  await storage.close()
  const again = storageOn(disk)
  expect(await contentsOf(again)).toEqual(applied(emptyModel(), { hardState: { currentTerm: 10, votedFor: '\n' }, entries: [entries] }))
})

test('trap 2: a term, its vote and the entries of one write become durable together or not at all', async () => {
  let both = 0
  for (let seed = 0; seed < 400; seed++) {
    const disk = newDisk(seed)
    const storage = storageOn(disk)
    await storage.open()
    const before: Model = emptyModel()
    const next = { hardState: { currentTerm: 1, votedFor: 'n1' }, entries: [commands(1, 1, ['a'.repeat(700), 'b'.repeat(700)])] }
    const stopped = disk.stopAfter(0)
    storage.write(next, () => {})
    await stopped
    disk.crash()
    const found = await contentsOf(storageOn(disk))
    expect([before, applied(before, next)]).toContainEqual(found)
    if (found.entries.length > 0) both += 1
  }
  expect(both).toBeGreaterThan(5)
  expect(both).toBeLessThan(395)
})

describe('trap 17: an error of a write is final', () => {
  test('every later write fails with the same error, and nothing more is asked of the disk', async () => {
    const disk = newDisk()
    const storage = storageOn(disk, { segmentBytes: 64 * 512 })
    await storage.open()
    await write(storage, [commands(1, 1, ['kept'])])
    // The segment that is made ready beside must not be counted.
    while (!disk.operations.includes('syncDirectory group-0') || !disk.paths().some((path) => path.endsWith('2.log')))
      await new Promise(setImmediate)
    await new Promise((resolve) => setTimeout(resolve, 0))
    disk.fail = (operation) => (operation === 'write' ? systemError('EIO') : null)
    const first = await write(storage, [commands(2, 1, ['lost'])]).catch((error: unknown) => error)
    expect(first).toMatchObject({ code: 'RAFT_STORAGE', cause: { code: 'EIO' } })
    disk.fail = () => null
    const asked = disk.operations.length
    expect(await write(storage, [commands(2, 1, ['again'])]).catch((error: unknown) => error)).toBe(first)
    expect(await write(storage, [], { currentTerm: 9, votedFor: null }).catch((error: unknown) => error)).toBe(first)
    expect(disk.operations.length).toBe(asked)
    expect((await read(storage, 1, 1)).count).toBe(1)
    await storage.close()
  })
})

test('trap 20: a file is used, or counted as gone, only when the directory has been synced', async () => {
  const disk = newDisk()
  const storage = storageOn(disk)
  await storage.open()
  for (let i = 1; i <= 40; i++) await write(storage, [commands(i, 1, ['x'.repeat(600)])])
  await storage.close()
  const operations = disk.operations
  const renames = operations.flatMap((operation, i) => (operation.startsWith('rename') ? [i] : []))
  expect(renames.length).toBeGreaterThan(3)
  for (const at of renames) {
    const rest = operations.slice(at + 1)
    const synced = rest.findIndex((operation) => operation.startsWith('syncDirectory'))
    expect(synced).toBeGreaterThanOrEqual(0)
  }
  // And in effect: power lost right after any acknowledgement loses no file.
  for (let writes = 1; writes < 25; writes++) {
    const other = newDisk(writes)
    const victim = storageOn(other)
    await victim.open()
    for (let i = 1; i <= writes; i++) await write(victim, [commands(i, 1, ['x'.repeat(600)])])
    other.crash()
    expect((await contentsOf(storageOn(other))).entries).toHaveLength(writes)
  }
})

describe('trap 24: a disk that is full or read-only', () => {
  test('full: the write fails and says so, and after a restart with room the log goes on', async () => {
    const disk = newDisk()
    const storage = storageOn(disk)
    await storage.open()
    let full = false
    disk.fail = (operation, path) =>
      full && (operation === 'create' || (operation === 'write' && path.endsWith('.tmp'))) ? systemError('ENOSPC') : null
    let written = 0
    const writeUntilError = async () => {
      for (;;) {
        full = true
        await write(storage, [commands(written + 1, 1, ['x'.repeat(600)])])
        written += 1
      }
    }
    await expect(writeUntilError()).rejects.toMatchObject({ code: 'RAFT_STORAGE', cause: { code: 'ENOSPC' } })
    expect(written).toBeGreaterThan(1)
    await storage.close()
    // Still full: what was acknowledged can be read.
    const reader = storageOn(disk)
    expect((await contentsOf(reader)).entries).toHaveLength(written)
    await reader.close()
    disk.fail = () => null
    const again = storageOn(disk)
    expect((await contentsOf(again)).entries).toHaveLength(written)
    await write(again, [commands(written + 1, 1, ['room again'])])
    await again.close()
  })

  test('read-only: opening fails with the cause, and leaves the directory unlocked', async () => {
    const disk = newDisk()
    disk.fail = (operation) => (operation === 'create' ? systemError('EROFS') : null)
    await expect(storageOn(disk).open()).rejects.toMatchObject({ code: 'RAFT_STORAGE', cause: { code: 'EROFS' } })
    disk.fail = () => null
    await storageOn(disk).open()
  })

  test('a write that takes part and then finds no room is not acknowledged, and is there whole or not at all', async () => {
    const found = new Set<number>()
    for (let seed = 0; seed < 100; seed++) {
      const disk = new TestDisk(seed)
      const storage = storageOn(disk)
      await storage.open()
      disk.simulated.shortTransfers = 1
      let calls = 0
      disk.fail = (operation, path) => (operation === 'write' && path.endsWith('1.log') && ++calls > 2 ? systemError('ENOSPC') : null)
      const error = await write(storage, [commands(1, 1, ['x'.repeat(1500)])]).catch((reason: unknown) => reason)
      if (calls > 2) expect(error).toMatchObject({ cause: { code: 'ENOSPC' } })
      await storage.close()
      disk.fail = () => null
      const { entries } = await contentsOf(storageOn(disk))
      if (calls > 2) found.add(entries.length)
    }
    expect([...found].sort()).toEqual([0, 1])
  })
})
