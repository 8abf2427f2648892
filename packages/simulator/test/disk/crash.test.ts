import { describe, expect, it } from 'vitest'
import { diskLosses } from '../../src/index.js'
import { ByteModel } from './support/byte-model.js'
import { filled, Machine, writeOnce } from './support/machine.js'

const SECTOR = 512

/** What is left of four sectors of 1, when power is lost while 2 is written to all of them. */
async function leftOfWrite(seed: number): Promise<Uint8Array> {
  const machine = new Machine(seed)
  const file = await machine.durableFile('/d/f', filled(4 * SECTOR, 1))
  void writeOnce(file, filled(4 * SECTOR, 2), 0)
  machine.crash()
  return machine.disk.contents('/d/f')
}

function sectors(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / SECTOR) }, (_, i) => bytes.subarray(i * SECTOR, (i + 1) * SECTOR))
}

describe('a loss of power while a write is under way', () => {
  it('leaves any subset of its sectors, in no order', async () => {
    const seen = new Set<string>()
    for (let seed = 0; seed < 1000; seed++)
      seen.add(
        sectors(await leftOfWrite(seed))
          .map((sector) => sector[0])
          .join(''),
      )
    // Four sectors, each as it was or as it was to be.
    expect(seen.size).toBe(16)
  })

  it('tears sectors at any byte, whichever they are: new in front, old behind', async () => {
    const tornAt = [0, 1, 2, 3].map(() => new Set<number>())
    for (let seed = 0; seed < 2000; seed++) {
      sectors(await leftOfWrite(seed)).forEach((sector, i) => {
        const at = sector.indexOf(1)
        if (at <= 0) return
        tornAt[i]?.add(at)
        expect(sector.subarray(at)).toEqual(filled(SECTOR - at, 1))
      })
    }
    for (const places of tornAt) expect(places.size).toBeGreaterThan(50)
  })

  it('leaves a size without the bytes, or bytes without the size', async () => {
    const seen = new Set<string>()
    for (let seed = 0; seed < 300; seed++) {
      const machine = new Machine(seed)
      const file = await machine.durableFile('/d/f', filled(10, 1))
      void writeOnce(file, filled(100 * SECTOR - 10, 2), 10)
      machine.crash()
      const bytes = machine.disk.contents('/d/f')
      expect(bytes.subarray(0, 10)).toEqual(filled(10, 1))
      const isEmpty = bytes.subarray(10).every((byte) => byte === 0)
      seen.add(bytes.length === 10 ? 'no size' : isEmpty ? 'only the size' : 'both')
      if (bytes.length === 10) {
        // What had been there and was cut off does not come back when the file grows.
        await machine.done(writeOnce(await machine.done(machine.files.open('/d/f')), filled(1, 3), 70_000))
        expect(
          machine.disk
            .contents('/d/f')
            .subarray(10, 70_000)
            .every((byte) => byte === 0),
        ).toBe(true)
      }
    }
    expect([...seen].sort()).toEqual(['both', 'no size', 'only the size'])
  })

  it('leaves, of two writes to one sector, the newer, the older or none', async () => {
    const seen = new Set<number | undefined>()
    for (let seed = 0; seed < 300; seed++) {
      const machine = new Machine(seed)
      const file = await machine.durableFile('/d/f', filled(SECTOR, 1))
      void writeOnce(file, filled(SECTOR, 2), 0)
      void writeOnce(file, filled(SECTOR, 3), 0)
      machine.crash()
      seen.add(machine.disk.contents('/d/f')[0])
    }
    expect([...seen].sort()).toEqual([1, 2, 3])
  })

  it('never leaves the newer of two writes to a sector without the older', async () => {
    const seen = new Set<string>()
    for (let seed = 0; seed < 400; seed++) {
      const machine = new Machine(seed)
      const file = await machine.durableFile('/d/f', filled(SECTOR, 1))
      void writeOnce(file, filled(50, 2), 0)
      void writeOnce(file, filled(50, 2), 100)
      machine.crash()
      const bytes = machine.disk.contents('/d/f')
      seen.add(`${bytes[49] === 2 ? 'older' : '-'} ${bytes[100] === 2 ? 'newer' : '-'}`)
    }
    expect([...seen].sort()).toEqual(['- -', 'older -', 'older newer'])
  })

  it('is counted', async () => {
    const machine = new Machine()
    for (let i = 0; i < 100; i++) {
      const file = await machine.durableFile('/d/f', filled(SECTOR, 1))
      void writeOnce(await machine.done(machine.files.create(`/d/${i}`)), filled(SECTOR, 2), 0)
      void writeOnce(file, filled(40 * SECTOR, 2), SECTOR)
      machine.crash()
    }
    for (const what of diskLosses) expect(machine.world.counts.get(what), what).toBeGreaterThan(10)
  })
})

/** Some writes, some of them waited for, some of them under way together. */
async function writeAtRandom(machine: Machine, model: ByteModel): Promise<void> {
  const { random } = machine.disk
  const file = await machine.done(machine.files.open('/d/f'))
  for (let i = random.below(12); i > 0; i--) {
    const value = 1 + random.below(255)
    const from = random.below(model.size)
    const to = from + 1 + random.below(Math.min(model.size - from, random.chance(0.5) ? 100 : model.size))
    const isDone = model.write(file, value, from, to)
    if (random.chance(0.3)) continue
    await machine.pass(100, isDone)
    if (isDone()) model.isDurable(value, from, to)
  }
}

describe('what is durable', () => {
  it('is never lost, over thousands of crashes, whatever is written to the same sectors', async () => {
    let crashes = 0
    for (let seed = 0; seed < 60; seed++) {
      const machine = new Machine(seed)
      const { random } = machine.disk
      machine.disk.conditions.writeErrors = 0.1
      machine.disk.conditions.syncErrors = 0.1
      machine.disk.replace('/d/f', new Uint8Array(0))
      const model = new ByteModel(6 * SECTOR)
      for (let life = 0; life < 50; life++) {
        await writeAtRandom(machine, model)
        if (random.chance(0.7)) machine.crash()
        else machine.kill()
        crashes += 1
        const bytes = machine.disk.contents('/d/f')
        expect(model.objection(bytes), `seed ${seed}, life ${life}`).toBe(null)
        if (random.chance(0.5)) continue
        // As though all of it had been written again.
        machine.disk.replace('/d/f', bytes)
        model.isDurably(bytes)
      }
    }
    expect(crashes).toBe(3000)
  })

  it('includes, after a sync, what a killed process has left to the system', async () => {
    let without = 0
    for (let seed = 0; seed < 400; seed++) {
      const machine = new Machine(seed)
      const file = await machine.durableFile('/d/f', filled(4 * SECTOR, 1))
      void writeOnce(file, filled(4 * SECTOR, 2), 0)
      machine.kill()
      const seen = machine.disk.contents('/d/f')
      if (seed % 2 === 0) await machine.done((await machine.done(machine.files.open('/d/f'))).sync())
      machine.crash()
      const isSame = Buffer.compare(machine.disk.contents('/d/f'), seen) === 0
      if (seed % 2 === 0) expect(isSame).toBe(true)
      else if (!isSame) without += 1
    }
    expect(without).toBeGreaterThan(20)
  })

  it('is not what was written after the sync had begun', async () => {
    let lost = 0
    for (let seed = 0; seed < 200; seed++) {
      const machine = new Machine(seed)
      const file = await machine.durableFile('/d/f', filled(4 * SECTOR, 1))
      const heard: string[] = []
      const synced = file.sync()
      for (const at of [0, 0]) void writeOnce(file, filled(2 * SECTOR, 2), at).then(() => heard.push('written'))
      await machine.done(synced)
      machine.crash()
      if (
        heard.length === 0 &&
        machine.disk
          .contents('/d/f')
          .subarray(0, 2 * SECTOR)
          .includes(1)
      )
        lost += 1
    }
    expect(lost).toBeGreaterThan(10)
  })

  it('includes the rest of the sectors that a durable write touches, for a disk stores whole sectors', async () => {
    for (let seed = 0; seed < 200; seed++) {
      const machine = new Machine(seed)
      const file = await machine.durableFile('/d/f', filled(SECTOR, 1))
      machine.disk.conditions.writeErrors = 1
      await expect(machine.done(writeOnce(file, filled(50, 2), 0))).rejects.toThrow()
      machine.disk.conditions.writeErrors = 0
      const seen = machine.disk.contents('/d/f')
      await machine.done(writeOnce(file, filled(50, 3), 100))
      machine.crash()
      expect(machine.disk.contents('/d/f').subarray(0, 50)).toEqual(seen.subarray(0, 50))
    }
  })
})
