import { describe, expect, it } from 'vitest'
import type { DiskOperation } from '../../src/index.js'
import { filled, Machine, readOnce, writeOnce } from './support/machine.js'

describe('errors', () => {
  it('of a write may leave a part, which readers see and no sync stores; written again it is durable', async () => {
    const lengths = new Set<number>()
    let lost = 0
    for (let seed = 0; seed < 200; seed++) {
      const machine = new Machine(seed)
      const file = await machine.durableFile('/d/f', filled(1000, 1))
      machine.disk.conditions.writeErrors = 1
      await expect(machine.done(writeOnce(file, filled(1000, 2), 0))).rejects.toMatchObject({ code: 'EIO', syscall: 'write' })
      expect(machine.disk.failures).toBe(1)
      expect(machine.world.counts.get('write error')).toBe(1)
      machine.disk.conditions.writeErrors = 0
      const seen = machine.disk.contents('/d/f')
      expect(await machine.done(readOnce(file, 1000, 0))).toEqual(seen)
      lengths.add(seen.lastIndexOf(2) + 1)
      await machine.done(file.sync())
      if (seed % 2 === 0) await machine.done(writeOnce(file, seen, 0))
      machine.crash()
      const isSame = Buffer.compare(machine.disk.contents('/d/f'), seen) === 0
      if (seed % 2 === 0) expect(isSame).toBe(true)
      else if (!isSame) lost += 1
    }
    expect(lengths.size).toBeGreaterThan(50)
    expect(lost).toBeGreaterThan(30)
  })

  it('of the sync in a durable write leave all of it for readers to see, and it may be gone when the process is', async () => {
    const seen = new Set<number | undefined>()
    for (let seed = 0; seed < 60; seed++) {
      const machine = new Machine(seed)
      const file = await machine.durableFile('/d/f', filled(100, 1))
      machine.disk.conditions.syncErrors = 1
      await expect(machine.done(writeOnce(file, filled(100, 2), 0))).rejects.toMatchObject({ code: 'EIO' })
      expect(machine.disk.contents('/d/f')).toEqual(filled(100, 2))
      expect(machine.world.counts.get('sync error')).toBe(1)
      machine.kill()
      seen.add(machine.disk.contents('/d/f')[0])
    }
    expect([...seen].sort()).toEqual([1, 2])
  })

  it('of a sync are final: the next one says that all is well, and has stored nothing', async () => {
    let lost = 0
    for (let seed = 0; seed < 100; seed++) {
      const machine = new Machine(seed)
      const written = await machine.durableFile('/d/f', filled(2000, 1))
      void writeOnce(written, filled(2000, 2), 0)
      machine.kill()
      const seen = machine.disk.contents('/d/f')
      const file = await machine.done(machine.files.open('/d/f'))
      machine.disk.conditions.syncErrors = 1
      await expect(machine.done(file.sync())).rejects.toMatchObject({ code: 'EIO', syscall: 'fdatasync' })
      machine.disk.conditions.syncErrors = 0
      await machine.done(file.sync())
      machine.crash()
      if (Buffer.compare(machine.disk.contents('/d/f'), seen) !== 0) lost += 1
    }
    expect(lost).toBeGreaterThan(10)
  })

  it('of a read give no bytes', async () => {
    const machine = new Machine()
    const file = await machine.durableFile('/d/f', filled(10, 1))
    machine.disk.conditions.readErrors = 1
    await expect(machine.done(readOnce(file, 10, 0))).rejects.toMatchObject({ code: 'EIO', syscall: 'read' })
    expect(machine.world.counts.get('read error')).toBe(1)
  })

  it('of names come with open, create, rename, remove, list, lock and directories; what was to change may have changed', async () => {
    const made = new Set<boolean>()
    for (let seed = 0; seed < 30; seed++) {
      const machine = new Machine(seed)
      machine.disk.replace('/d/f', filled(10, 1))
      machine.disk.conditions.openErrors = 1
      const { files } = machine
      const calls: (() => Promise<unknown>)[] = [
        () => files.open('/d/f'),
        () => files.list('/d'),
        () => files.create('/d/g'),
        () => files.lock('/d/lock'),
        () => files.createDirectory('/e'),
      ]
      for (const call of calls) await expect(machine.done(call())).rejects.toMatchObject({ code: 'EIO' })
      await expect(machine.done(files.rename('/d/f', '/d/h'))).rejects.toMatchObject({ code: 'EIO', syscall: 'rename' })
      await expect(machine.done(files.remove('/d/f'))).rejects.toThrow(/unlink '\/d\/f'/)
      expect(machine.world.counts.get('open error')).toBe(7)
      made.add(machine.disk.paths().includes('/d/g'))
    }
    expect(made.size).toBe(2)
  })

  it('are the system’s own where there is no such file, or it was closed', async () => {
    const machine = new Machine()
    const file = await machine.durableFile('/d/f', filled(10, 1))
    const { files } = machine
    const missing: (() => Promise<unknown>)[] = [
      () => files.open('/d/g'),
      () => files.remove('/d/g'),
      () => files.rename('/d/g', '/d/h'),
      () => files.list('/e'),
      () => files.create('/e/f'),
      () => files.syncDirectory('/e'),
    ]
    for (const call of missing) await expect(machine.done(call())).rejects.toMatchObject({ code: 'ENOENT' })
    await machine.done(file.close())
    expect(machine.disk.openFiles).toBe(0)
    const closed: (() => Promise<unknown>)[] = [
      () => file.size(),
      () => file.sync(),
      () => file.close(),
      () => readOnce(file, 1, 0),
      () => writeOnce(file, filled(1, 1), 0),
    ]
    for (const call of closed) await expect(machine.done(call())).rejects.toMatchObject({ code: 'EBADF' })
    expect(machine.disk.failures).toBe(0)
  })

  it('come at a chosen place, where every operation is told as it begins', async () => {
    const machine = new Machine()
    const file = await machine.durableFile('/d/f', filled(10, 1))
    const begun: [DiskOperation, string][] = []
    machine.disk.onOperation = (operation, path) => {
      begun.push([operation, path])
      return operation === 'read' ? new Error('chosen') : null
    }
    await machine.done(file.size())
    await expect(machine.done(readOnce(file, 1, 0))).rejects.toThrow('chosen')
    expect(begun).toEqual([
      ['size', '/d/f'],
      ['read', '/d/f'],
    ])
    expect(machine.disk.failures).toBe(1)
  })
})
