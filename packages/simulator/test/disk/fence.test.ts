import { describe, expect, it } from 'vitest'
import { filled, Machine, writeOnce } from './support/machine.js'

const ORACLE = 'only the holder of the lock uses the files'

async function lockedMachine() {
  const machine = new Machine()
  await machine.done(machine.files.createDirectory('/d'))
  const unlock = await machine.done(machine.files.lock('/d/lock'))
  if (unlock === null) throw new Error('the lock is free')
  const file = await machine.done(machine.files.create('/d/f'))
  return { machine, unlock, file }
}

describe('a directory with a lock in it', () => {
  it('is used by the process that has the lock, and left with no file open', async () => {
    const { machine, unlock, file } = await lockedMachine()
    await machine.done(writeOnce(file, filled(10, 1), 0))
    await machine.done(file.close())
    await machine.done(unlock())
    expect(machine.world.violation).toBeNull()
  })

  it('is left alone by a process that has given the lock back', async () => {
    const { machine, unlock, file } = await lockedMachine()
    await machine.done(file.close())
    await machine.done(unlock())
    void machine.files.rename('/d/f', '/d/g')
    expect(machine.world.violation).toMatchObject({ oracle: ORACLE, message: expect.stringContaining("'rename' on /d/f after") })
  })

  it('is left alone when the lock goes: what is under way then is found when the disk carries it out', async () => {
    const { machine, unlock, file } = await lockedMachine()
    machine.disk.conditions.isSteady = true
    await machine.done(file.close())
    void unlock()
    void machine.files.remove('/d/f')
    expect(machine.world.violation).toBeNull()
    await machine.pass(10)
    expect(machine.world.violation).toMatchObject({ oracle: ORACLE, message: expect.stringContaining("'remove' on /d/f after") })
  })

  it('keeps no file open behind the lock', async () => {
    const { machine, unlock } = await lockedMachine()
    await machine.done(unlock())
    expect(machine.world.violation).toMatchObject({ oracle: ORACLE, message: expect.stringContaining('while it has /d/f open') })
  })

  it('is not touched by another process on the machine, which is told that it has no lock', async () => {
    const { machine } = await lockedMachine()
    const other = machine.disk.fileSystem(machine.host.beginBeside())
    expect(await machine.done(other.lock('/d/lock'))).toBeNull()
    expect(machine.world.violation).toBeNull()
    void other.list('/d')
    expect(machine.world.violation).toMatchObject({ oracle: ORACLE, message: expect.stringContaining("'list' on /d without the lock") })
  })
})
