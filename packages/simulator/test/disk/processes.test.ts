import { describe, expect, it } from 'vitest'
import { filled, Machine, writeOnce } from './support/machine.js'

describe('a process that is killed', () => {
  it('leaves to the system what was written, and of what was being written any beginning', async () => {
    const lengths = new Set<number>()
    for (let seed = 0; seed < 400; seed++) {
      const machine = new Machine(seed)
      const file = await machine.durableFile('/d/f', filled(1000, 1))
      expect(await machine.done(writeOnce(file, filled(100, 2), 0))).toBe(100)
      void writeOnce(file, filled(100, 3), 100)
      machine.kill()
      const bytes = machine.disk.contents('/d/f')
      expect(bytes.subarray(0, 100)).toEqual(filled(100, 2))
      const count = bytes.subarray(100).findIndex((byte) => byte !== 3)
      expect(bytes.subarray(100 + count)).toEqual(filled(900 - count, 1))
      lengths.add(count)
    }
    expect(lengths.size).toBeGreaterThan(50)
    expect(lengths.has(0)).toBe(true)
  })

  for (const end of ['kill', 'crash', 'wipe'] as const) {
    it(`hears nothing more of what it asked for, after ${end}`, async () => {
      const machine = new Machine()
      const file = await machine.durableFile('/d/f', filled(1000, 1))
      const heard: string[] = []
      file.write(filled(10, 2), 0, 10, 0, () => heard.push('write'))
      file.read(new Uint8Array(10), 0, 10, 0, () => heard.push('read'))
      void file.sync().finally(() => heard.push('sync'))
      void machine.files.list('/d').finally(() => heard.push('list'))
      void machine.files.create('/d/new').finally(() => heard.push('create'))
      machine.disk[end]()
      machine.host.begin()
      await machine.pass(1000)
      expect(heard).toEqual([])
      expect(machine.disk.paths()).not.toContain('/d/new')
      expect(machine.disk.underWay).toBe(0)
      // Nor can it ask for more.
      const before = machine.disk.paths().map((path) => machine.disk.contents(path))
      for (let i = 0; i < 20; i++) file.write(filled(10, 9), 0, 10, 0, () => heard.push('write'))
      void file.close()
      expect(machine.disk.underWay).toBe(0)
      await machine.pass(1000)
      expect(heard).toEqual([])
      expect(machine.disk.openFiles).toBe(0)
      expect(machine.disk.paths().map((path) => machine.disk.contents(path))).toEqual(before)
    })
  }

  it('holds no lock any more, and has no file open', async () => {
    const machine = new Machine()
    await machine.durableFile('/d/f', filled(1, 1))
    expect(await machine.done(machine.files.lock('/d/lock'))).not.toBe(null)
    expect(machine.disk.openFiles).toBe(1)
    machine.kill()
    expect(machine.disk.openFiles).toBe(0)
    expect(await machine.done(machine.files.lock('/d/lock'))).not.toBe(null)
  })
})

describe('a lock', () => {
  it('is held by one, until it is let go of', async () => {
    const machine = new Machine()
    machine.disk.replace('/d/f', filled(1, 1))
    const unlock = await machine.done(machine.files.lock('/d/lock'))
    expect(await machine.done(machine.files.lock('/d/lock'))).toBe(null)
    expect(await machine.done(machine.files.lock('/d/other'))).not.toBe(null)
    expect(machine.disk.isLocked('/d/lock')).toBe(true)
    await machine.done(unlock?.() ?? Promise.resolve())
    expect(machine.disk.isLocked('/d/lock')).toBe(false)
    expect(await machine.done(machine.files.lock('/d/lock'))).not.toBe(null)
  })

  it('ends with a process that stops without a word', async () => {
    const machine = new Machine()
    machine.disk.replace('/d/f', filled(1, 1))
    await machine.done(machine.files.lock('/d/lock'))
    machine.host.end()
    machine.files = machine.disk.fileSystem(machine.host.begin())
    expect(await machine.done(machine.files.lock('/d/lock'))).not.toBe(null)
  })
})

it('a process that is paused is answered when it goes on; the disk works meanwhile', async () => {
  const machine = new Machine()
  const file = await machine.durableFile('/d/f', filled(10, 1))
  let answeredAt = 0
  file.write(filled(10, 2), 0, 10, 0, () => {
    answeredAt = machine.world.now
  })
  machine.host.pause(500)
  const resumed = machine.world.now + 500
  await machine.world.run(resumed - 1)
  expect(answeredAt).toBe(0)
  for (let i = 0; i < 20; i++) machine.disk.crash()
  expect(machine.disk.contents('/d/f')).toEqual(filled(10, 2))
  const again = new Machine()
  const other = await again.durableFile('/d/f', filled(10, 1))
  other.write(filled(10, 2), 0, 10, 0, () => {
    answeredAt = again.world.now
  })
  again.host.pause(500)
  const due = again.world.now + 500
  await again.world.run(due + 10)
  expect(answeredAt).toBeGreaterThanOrEqual(due)
})

describe('completion', () => {
  it('comes by a later event, never before the call has returned', async () => {
    const machine = new Machine()
    const file = await machine.durableFile('/d/f', filled(10, 1))
    const before = machine.world.events
    const order: string[] = []
    file.write(filled(10, 2), 0, 10, 0, () => order.push(`written in event ${machine.world.events - before}`))
    order.push('returned')
    await machine.pass(10)
    expect(order).toEqual(['returned', 'written in event 1'])
  })

  it('runs all that follows from a promise within its event, however long the chain', async () => {
    const machine = new Machine()
    machine.disk.replace('/d/f', filled(10, 1))
    const events: number[] = []
    const one = async () => {
      await machine.files.list('/d')
      const settled = machine.world.events
      for (let i = 0; i < 100; i++) await null
      events.push(settled, machine.world.events)
    }
    await machine.done(Promise.all([one(), one(), one(), one()]))
    for (let i = 0; i < events.length; i += 2) expect(events[i]).toBe(events[i + 1])
    expect(new Set(events).size).toBe(4)
  })

  it('comes in an order, at times and with an outcome that the seed alone decides', async () => {
    const life = async (seed: number): Promise<string> => {
      const machine = new Machine(seed)
      machine.disk.conditions.slowness = 0.3
      machine.disk.conditions.writeErrors = 0.2
      machine.disk.shortTransfers = 0.3
      const heard: string[] = []
      for (let turn = 0; turn < 10; turn++) {
        machine.disk.replace('/d/f', filled(5000, 1))
        const file = await machine.done(machine.files.open('/d/f'))
        for (let i = 0; i < 10; i++)
          file.write(filled(500, i), 0, 500, i * 450, (error, count) => heard.push(`${i} ${error?.message} ${count} ${machine.world.now}`))
        await machine.pass(5)
        machine.crash()
        heard.push(Buffer.from(machine.disk.contents('/d/f')).toString('hex'))
      }
      return heard.join()
    }
    expect(await life(1)).toBe(await life(1))
    expect(await life(1)).not.toBe(await life(2))
  })
})
