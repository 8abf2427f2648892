import { EntryBatch, StorageError } from '@raft/core'
import { describe, expect, test } from 'vitest'
import { FileLogStorage, IdentityMismatchError, StorageInUseError } from '../src/index.js'
import { applied, commands, contentsOf, DIRECTORY, emptyModel, randomWrite, read, readAll, storageOn, write } from './support/log.js'
import { TestDisk } from './support/test-disk.js'

function newDisk(): TestDisk {
  return new TestDisk()
}

describe('write', () => {
  test('a batch at or before the last index replaces what is stored from there on, over segments, also after opening', async () => {
    const disk = newDisk()
    const storage = storageOn(disk)
    await storage.open()
    for (let i = 1; i <= 30; i++) await write(storage, [commands(i, 1, [`old ${i}`, `old ${i + 1}`])])
    await write(storage, [commands(12, 2, ['new 12']), commands(13, 3, ['new 13'])])
    expect((await read(storage, 13, 13)).term(13)).toBe(3)
    await expect(read(storage, 14, 14)).rejects.toThrow('holds 1 to 13')
    await storage.close()
    const found = await contentsOf(storageOn(disk))
    expect(found.entries.slice(9)).toEqual(['1:old 10', '1:old 11', '2:new 12', '3:new 13'])
  })

  test('a gap, an index before the log and a batch out of order are refused', async () => {
    for (const entries of [[commands(3, 1, ['x'])], [commands(0, 1, ['x'])], [commands(1, 1, ['x']), commands(3, 1, ['y'])]]) {
      const storage = storageOn(newDisk())
      await storage.open()
      await expect(write(storage, entries)).rejects.toThrow(StorageError)
      await storage.close()
    }
  })

  test('done and the result of read never come before the call has returned', async () => {
    const storage = storageOn(newDisk())
    await storage.open()
    const order: string[] = []
    await new Promise<void>((resolve) => {
      storage.write({ hardState: null, entries: [commands(1, 1, ['x'])] }, () => {
        order.push('written')
        resolve()
      })
      order.push('write returned')
    })
    await new Promise<void>((resolve) => {
      storage.read(9, 9, 1, () => {
        order.push('refused')
        resolve()
      })
      order.push('read returned')
    })
    expect(order).toEqual(['write returned', 'written', 'read returned', 'refused'])
  })

  test('a second write while one is in flight is refused and does no harm', async () => {
    const storage = storageOn(newDisk())
    await storage.open()
    const first = write(storage, [commands(1, 1, ['x'])])
    await expect(write(storage, [commands(2, 1, ['y'])])).rejects.toThrow('in flight')
    await first
    expect((await read(storage, 1, 1)).count).toBe(1)
  })

  test('a write larger than a segment is stored in one piece', async () => {
    const disk = newDisk()
    const storage = storageOn(disk)
    await storage.open()
    const large = Buffer.alloc(700_000, 'large')
    await write(storage, [commands(1, 1, ['small'])])
    await write(storage, [commands(2, 1, [large, 'a', large])])
    await write(storage, [commands(5, 1, ['after'])])
    await storage.close()
    const again = storageOn(disk)
    expect((await again.open()).lastIndex).toBe(5)
    const batch = await readAll(again, 1, 5)
    expect(Buffer.from(batch.payload(4)).equals(large)).toBe(true)
    expect(Buffer.from(batch.payload(5)).toString()).toBe('after')
  })

  test('close waits for the write in flight, and later calls are refused', async () => {
    const disk = newDisk()
    const storage = storageOn(disk)
    await storage.open()
    let isWritten = false
    storage.write({ hardState: null, entries: [commands(1, 1, ['x'])] }, (error) => {
      isWritten = error === null
    })
    await Promise.all([storage.close(), storage.close()])
    expect(isWritten).toBe(true)
    await expect(write(storage, [])).rejects.toThrow('not open')
    await expect(read(storage, 1, 1)).rejects.toThrow('not open')
    await expect(storage.open()).rejects.toThrow('make a new one')
  })
})

describe('read', () => {
  test('gives as many entries as hold maxBytes together, and at least one', async () => {
    const storage = storageOn(newDisk())
    await storage.open()
    for (let i = 0; i < 20; i++) await write(storage, [commands(1 + i * 3, 1, ['123456789', '123456789', '123456789'])])
    expect((await read(storage, 2, 60, 100)).count).toBe(10)
    expect((await read(storage, 2, 60, 109)).count).toBe(10)
    expect((await read(storage, 2, 60, 110)).count).toBe(11)
    expect((await read(storage, 60, 60, 1)).count).toBe(1)
    expect((await read(storage, 7, 40, 0)).count).toBe(1)
    const part = await read(storage, 7, 12)
    expect([part.firstIndex, part.lastIndex]).toEqual([7, 12])
  })

  test('while a write replaces the same entries: the old ones or the new', async () => {
    const storage = storageOn(newDisk())
    await storage.open()
    await write(storage, [commands(1, 1, ['a', 'b', 'c', 'd'])])
    for (let term = 2; term < 40; term++) {
      const reading = read(storage, 2, 3)
      const writing = write(storage, [commands(2, term, ['x', 'y', 'z'])])
      const seen = await reading
      expect([term - 1, term]).toContain(seen.term(3))
      expect(seen.term(2)).toBe(seen.term(3))
      await writing
    }
  })
})

describe('indexes and terms', () => {
  for (const base of [0, 2 ** 31 - 20, 2 ** 32 - 20, 2 ** 52]) {
    test(`work behind ${base}`, async () => {
      const disk = newDisk()
      const random = disk.world.random('writes').next
      const options = { base: { index: base, term: base === 0 ? 0 : base - 1 } }
      const storage = storageOn(disk, options)
      const opened = await storage.open()
      expect(opened).toMatchObject({ baseIndex: base, baseTerm: options.base.term, lastIndex: base, runs: [] })
      let model = { ...emptyModel(base), hardState: opened.hardState }
      for (let i = 0; i < 60; i++) {
        const next = randomWrite(model, random)
        await write(storage, next.entries, next.hardState)
        model = applied(model, next)
      }
      await storage.close()
      expect(await contentsOf(storageOn(disk))).toEqual(model)
    })
  }
})

describe('identity', () => {
  test('is made once, from the random source, and found again', async () => {
    const disk = newDisk()
    const storage = storageOn(disk, { randomBytes: (count) => new Uint8Array(count).fill(0xab), group: 7 })
    expect(() => storage.identity).toThrow(StorageError)
    await storage.open()
    const identity = { clusterId: 'c1', storeId: 'ab'.repeat(16), memberId: 'n1', group: 7 }
    expect(storage.identity).toEqual(identity)
    await storage.close()
    const again = storageOn(disk, { group: 7 })
    await again.open()
    expect(again.identity).toEqual(identity)
  })

  for (const other of [{ clusterId: 'c2' }, { memberId: 'n2' }, { group: 1 }]) {
    test(`another ${Object.keys(other)[0]} is refused, and both are named`, async () => {
      const disk = newDisk()
      const storage = storageOn(disk)
      await storage.open()
      await storage.close()
      const error = await storageOn(disk, other)
        .open()
        .catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(IdentityMismatchError)
      expect((error as Error).message).toMatch(/member n1 of cluster c1, group 0 .* not to member/)
      await expect(storageOn(disk).open()).resolves.toBeDefined()
    })
  }
})

test('a second storage on the same directory is refused, and let in when the first is closed', async () => {
  const disk = newDisk()
  const first = storageOn(disk)
  await first.open()
  await expect(storageOn(disk).open()).rejects.toThrow(StorageInUseError)
  await first.close()
  await expect(storageOn(disk).open()).resolves.toBeDefined()
})

test('options that cannot work are refused by name', () => {
  const good = { directory: DIRECTORY, clusterId: 'c', memberId: 'm' }
  expect(() => new FileLogStorage({ ...good, directory: '' })).toThrow(/directory/)
  expect(() => new FileLogStorage({ ...good, clusterId: '' })).toThrow(/clusterId/)
  expect(() => new FileLogStorage({ ...good, memberId: 'x'.repeat(256) })).toThrow(/memberId/)
  expect(() => new FileLogStorage({ ...good, group: -1 })).toThrow(/group/)
  expect(() => new FileLogStorage({ ...good, segmentBytes: 5000 })).toThrow(/segmentBytes/)
  expect(() => new FileLogStorage({ ...good, base: { index: 0.5, term: 0 } })).toThrow(/base/)
})

test('an empty batch is no entry', async () => {
  const disk = newDisk()
  const storage = storageOn(disk)
  await storage.open()
  await write(storage, [EntryBatch.empty(1), commands(1, 1, ['x']), EntryBatch.empty(2)])
  await write(storage, [EntryBatch.empty(2)])
  await storage.close()
  expect((await contentsOf(storageOn(disk))).entries).toEqual(['1:x'])
})
