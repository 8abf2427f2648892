import { expect, test } from 'vitest'
import { commands, contentsOf, read, storageOn, write } from './support/log.js'
import { TestDisk } from './support/test-disk.js'

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: no luck`), { code })
}

async function opened(more: object = {}) {
  const disk = new TestDisk()
  const storage = storageOn(disk, more)
  await storage.open()
  return { disk, storage }
}

const LARGE = 'x'.repeat(1500)

test('trap 17: a write that failed, and that readers see all the same, is not counted on before it has been written again', async () => {
  const { disk, storage } = await opened()
  await write(storage, [commands(1, 1, ['kept'])], { currentTerm: 1, votedFor: 'n1' })
  disk.fail = (operation, path) => (operation === 'write' && path.endsWith('1.log') ? systemError('EIO') : null)
  await expect(write(storage, [commands(2, 1, ['seen'])], { currentTerm: 2, votedFor: 'n2' })).rejects.toThrow('EIO')
  await storage.close()
  disk.fail = () => null
  const again = storageOn(disk)
  const found = await contentsOf(again)
  await again.close()
  disk.crash()
  expect(await contentsOf(storageOn(disk))).toEqual(found)
})

test('trap 24: a disk that was full while the next segment was made, and has room when it is needed, stops nobody', async () => {
  const disk = new TestDisk()
  await storageOn(disk)
    .open()
    .then(() => disk.kill())
  let refused = 0
  disk.fail = (operation, path) => {
    if (refused > 0 || operation !== 'write' || !path.endsWith('preparing.tmp')) return null
    refused += 1
    return systemError('ENOSPC')
  }
  const storage = storageOn(disk)
  await storage.open()
  while (disk.operations.at(-1) !== 'remove preparing.tmp') await new Promise(setImmediate)
  for (let i = 1; i <= 8; i++) await write(storage, [commands(i, 1, [LARGE])])
  expect(refused).toBe(1)
  await storage.close()
  expect((await contentsOf(storageOn(disk))).entries).toHaveLength(8)
})

test('trap 17, trap 20: a segment whose name may not be durable is not used, nor made again', async () => {
  const { disk, storage } = await opened()
  await write(storage, [commands(1, 1, [LARGE])])
  await write(storage, [commands(2, 1, [LARGE])])
  let refused = 0
  disk.fail = (operation) => {
    if (operation !== 'syncDirectory') return null
    refused += 1
    return systemError('EIO')
  }
  const writeUntilError = async () => {
    for (let i = 3; ; i++) await write(storage, [commands(i, 1, [LARGE])])
  }
  await expect(writeUntilError()).rejects.toMatchObject({ code: 'RAFT_STORAGE', cause: { code: 'EIO' } })
  expect(refused).toBe(1)
  await storage.close()
})

test('an error of closing a file keeps no other file open, nor the directory locked', async () => {
  const { disk, storage } = await opened()
  await write(storage, [commands(1, 1, ['x'])])
  await read(storage, 1, 1)
  disk.fail = (operation) => (operation === 'close' ? systemError('EIO') : null)
  await storage.close()
  expect(disk.openFiles).toBe(0)
  disk.fail = () => null
  expect((await contentsOf(storageOn(disk))).entries).toEqual(['1:x'])
})

test('reads that overlap without end keep few files open, and none after close', async () => {
  const { disk, storage } = await opened()
  for (let i = 1; i <= 60; i++) await write(storage, [commands(i, 1, [LARGE])])
  let most = 0
  let next = 1
  const readOn = async () => {
    while (next <= 60) {
      const index = next++
      expect((await read(storage, index, index)).count).toBe(1)
      most = Math.max(most, disk.openFiles)
    }
  }
  await Promise.all([readOn(), readOn(), readOn()])
  expect(most).toBeLessThan(16)
  await storage.close()
  expect(disk.openFiles).toBe(0)
})

test('trap 17: a torn tail whose erasing failed, and that readers see erased all the same, does not come back behind a later write', async () => {
  let failed = 0
  for (let seed = 0; seed < 300; seed++) {
    const disk = new TestDisk(seed)
    const storage = storageOn(disk, { segmentBytes: 64 * 512 })
    await storage.open()
    await write(storage, [commands(1, 1, ['kept'])])
    const stopped = disk.stopAfter(0)
    storage.write({ hardState: null, entries: [commands(2, 1, [LARGE, LARGE, LARGE])] }, () => {})
    await stopped
    disk.crash()
    // Until an opening succeeds; after each that fails the process ends, and the system lives on.
    for (let opened = false; !opened; ) {
      disk.simulated.conditions.syncErrors = 0.3
      opened = await storageOn(disk, { segmentBytes: 64 * 512 })
        .open()
        .then(() => true)
        .catch(() => false)
      if (!opened) failed += 1
      disk.kill()
    }
    disk.simulated.conditions.syncErrors = 0
    const last = storageOn(disk, { segmentBytes: 64 * 512 })
    const before = (await contentsOf(last)).entries
    const later = disk.stopAfter(0)
    last.write({ hardState: null, entries: [commands(before.length + 1, 1, ['y'.repeat(600)])] }, () => {})
    await later
    disk.crash()
    const { entries } = await contentsOf(storageOn(disk)).catch((error: unknown) => expect.fail(`seed ${seed}: ${error}`))
    expect([before.length, before.length + 1]).toContain(entries.length)
  }
  expect(failed).toBeGreaterThan(100)
})
