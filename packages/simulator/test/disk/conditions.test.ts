import { describe, expect, it } from 'vitest'
import { healthyDisk } from '../../src/index.js'
import { filled, Machine, readOnce, writeOnce } from './support/machine.js'

async function took(machine: Machine, times: number): Promise<number[]> {
  machine.disk.replace('/d/f', filled(10, 1))
  const spans: number[] = []
  for (let i = 0; i < times; i++) {
    const start = machine.world.now
    await machine.done(machine.files.list('/d'))
    spans.push(machine.world.now - start)
  }
  return spans
}

describe('time', () => {
  it('is as long as the disk is slow, more or less', async () => {
    const mean = (spans: number[]) => spans.reduce((sum, span) => sum + span, 0) / spans.length
    const machine = new Machine()
    machine.disk.conditions.delay = 5
    expect(mean(await took(machine, 500))).toBeGreaterThan(4)
    expect(mean(await took(machine, 500))).toBeLessThan(6)
    Object.assign(machine.disk.conditions, healthyDisk, { slowness: 0.5, maxSlow: 1000 })
    const slow = (await took(machine, 500)).filter((span) => span > 10)
    expect(slow.length).toBeGreaterThan(200)
    expect(slow.length).toBeLessThan(300)
    expect(Math.max(...slow)).toBeLessThan(1010)
    expect(machine.world.counts.get('slow disk')).toBeGreaterThanOrEqual(slow.length)
  })

  it('stands still for a disk that is stalled, and what was begun is done when it goes on', async () => {
    const machine = new Machine()
    const file = await machine.durableFile('/d/f', filled(10, 1))
    const heard: string[] = []
    file.write(filled(10, 2), 0, 10, 0, () => heard.push('early'))
    machine.disk.stall()
    file.write(filled(10, 3), 0, 10, 0, () => heard.push('late'))
    await machine.pass(1000)
    expect(heard).toEqual([])
    expect(machine.disk.underWay).toBe(2)
    machine.disk.resume()
    await machine.pass(1000)
    expect(heard.sort()).toEqual(['early', 'late'])
  })
})

describe('a full disk', () => {
  it('takes what needs no room, a part of what does at times, and no new file; later it has room again', async () => {
    const parts = new Set<number>()
    for (let seed = 0; seed < 60; seed++) {
      const machine = new Machine(seed)
      const file = await machine.durableFile('/d/f', filled(1000, 1))
      machine.disk.fill()
      expect(await machine.done(writeOnce(file, filled(500, 2), 500))).toBe(500)
      expect(machine.disk.failures).toBe(0)
      expect(await machine.done(writeOnce(file, filled(500, 2), 700))).toBe(300)
      let grown = 0
      for (;;) {
        const count = await machine.done(writeOnce(file, filled(500, 3), 1000 + grown)).catch((error: unknown) => error)
        if (typeof count !== 'number') {
          expect(count).toMatchObject({ code: 'ENOSPC', syscall: 'write' })
          break
        }
        expect(count).toBeLessThan(500)
        grown += count
      }
      parts.add(grown)
      expect(machine.disk.contents('/d/f')).toHaveLength(1000 + grown)
      await expect(machine.done(machine.files.create('/d/g'))).rejects.toMatchObject({ code: 'ENOSPC' })
      await expect(machine.done(machine.files.createDirectory('/e'))).rejects.toMatchObject({ code: 'ENOSPC' })
      expect(await machine.done(machine.files.create('/d/f'))).toBeDefined()
      expect(machine.disk.failures).toBeGreaterThan(0)
      expect(machine.world.counts.get('disk full')).toBe(machine.disk.failures)
      machine.disk.makeRoom()
      expect(await machine.done(writeOnce(file, filled(500, 2), 700))).toBe(500)
      expect(await machine.done(machine.files.create('/d/g'))).toBeDefined()
    }
    expect(parts.size).toBeGreaterThan(3)
  })
})

describe('a process without file descriptors', () => {
  it('opens nothing and changes nothing by trying, and reads and writes what it has open; later it opens again', async () => {
    for (let seed = 0; seed < 30; seed++) {
      const machine = new Machine(seed)
      const file = await machine.durableFile('/d/f', filled(1000, 1))
      machine.disk.takeDescriptors()
      const { files } = machine
      const calls: readonly (() => Promise<unknown>)[] = [
        () => files.open('/d/f'),
        () => files.create('/d/g'),
        () => files.create('/d/f'),
        () => files.list('/d'),
        () => files.syncDirectory('/d'),
        () => files.lock('/d/l'),
      ]
      for (const call of calls) await expect(machine.done(call())).rejects.toMatchObject({ code: 'EMFILE' })
      expect(machine.disk.paths()).toEqual(['/d/f'])
      expect(await machine.done(writeOnce(file, filled(500, 2), 500))).toBe(500)
      expect((await machine.done(readOnce(file, 1000, 0))).length).toBe(1000)
      await machine.done(files.rename('/d/f', '/d/g'))
      expect([machine.disk.failures, machine.disk.shortages]).toEqual([0, calls.length])
      machine.disk.giveDescriptors()
      expect(await machine.done(files.open('/d/g'))).toBeDefined()
    }
  })
})

describe('transfers', () => {
  it('are short at times, which is no failure', async () => {
    const machine = new Machine()
    const file = await machine.durableFile('/d/f', filled(1000, 1))
    machine.disk.shortTransfers = 0.5
    const counts = { read: new Set<number>(), write: new Set<number>() }
    for (let i = 0; i < 200; i++) {
      counts.read.add((await machine.done(readOnce(file, 1000, 0))).length)
      counts.write.add(await machine.done(writeOnce(file, filled(1000, 2), 0)))
    }
    for (const lengths of [counts.read, counts.write]) {
      expect(lengths.size).toBeGreaterThan(50)
      expect(Math.min(...lengths)).toBeGreaterThan(0)
      expect(Math.max(...lengths)).toBe(1000)
    }
    expect(machine.disk.failures).toBe(0)
  })

  it('give zeros where nothing was ever written, whatever they are read into', async () => {
    const machine = new Machine()
    const file = await machine.durableFile('/d/f', filled(10, 1))
    await machine.done(writeOnce(file, filled(10, 1), 100_000))
    const target = filled(200, 9)
    await machine.done(new Promise((resolve) => file.read(target, 0, 200, 50_000, resolve)))
    expect(target).toEqual(filled(200, 0))
  })

  it('end where the file ends', async () => {
    const machine = new Machine()
    const file = await machine.durableFile('/d/f', filled(1000, 1))
    expect(await machine.done(readOnce(file, 100, 950))).toHaveLength(50)
    expect(await machine.done(readOnce(file, 100, 2000))).toHaveLength(0)
  })
})

describe('damage', () => {
  it('by rot changes one bit of one file, for good', async () => {
    const machine = new Machine()
    machine.disk.replace('/d/f', filled(20_000, 0))
    machine.disk.replace('/d/g', filled(3, 0))
    machine.disk.replace('/d/empty', new Uint8Array(0))
    const rotten = new Set<string>()
    for (let i = 0; i < 50; i++) {
      const found = machine.disk.rot(machine.disk.random)
      if (found === null) return expect.fail('there is something to rot')
      rotten.add(found.path)
      machine.crash()
      const bytes = machine.disk.contents(found.path)
      const changed = bytes.findIndex((byte) => byte !== 0)
      expect(changed).toBe(found.offset)
      expect(Math.log2(bytes[changed] as number) % 1).toBe(0)
      machine.disk.replace(found.path, filled(bytes.length, 0))
    }
    expect([...rotten].sort()).toEqual(['/d/f', '/d/g'])
    expect(new Machine().disk.rot(machine.disk.random)).toBe(null)
  })

  it('by replacing and deleting files is durable, and needs no process', () => {
    const machine = new Machine()
    machine.disk.replace('/d/f', filled(2000, 1))
    machine.disk.replace('/d/f', filled(30, 2))
    machine.disk.replace('/d/g', filled(30, 2))
    machine.disk.delete('/d/g')
    machine.crash()
    expect(machine.disk.paths()).toEqual(['/d/f'])
    expect(machine.disk.contents('/d/f')).toEqual(filled(30, 2))
  })

  it('by putting an empty disk in its place leaves nothing', async () => {
    const machine = new Machine()
    machine.disk.replace('/d/f', filled(2000, 1))
    machine.disk.wipe()
    expect(machine.disk.paths()).toEqual([])
    await expect(machine.done(machine.files.list('/d'))).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
