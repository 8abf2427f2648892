import type { Clock } from '@raft/core'
import { describe, expect, it } from 'vitest'
import { MemberFile } from '../src/index.js'
import { commands, contentsOf, DIRECTORY, entriesOf, storageOn, write } from './support/log.js'
import { TestDisk } from './support/test-disk.js'

/** Issue 19: clients that held all descriptors killed the member at its next segment. */

const NEEDING = ['create', 'open', 'syncDirectory']

function shortage(code = 'EMFILE'): Error {
  return Object.assign(new Error(`${code}: too many open files`), { code })
}

/** Time passes only when the test says so. */
class StillClock implements Pick<Clock, 'now' | 'schedule'> {
  #now = 0
  readonly #due = new Set<{ readonly time: number; readonly callback: () => void }>()

  get waiting(): number {
    return this.#due.size
  }

  now(): number {
    return this.#now
  }

  schedule(time: number, callback: () => void): () => void {
    const timer = { time, callback }
    this.#due.add(timer)
    return () => this.#due.delete(timer)
  }

  pass(milliseconds: number): void {
    this.#now += milliseconds
    for (const timer of [...this.#due].filter(({ time }) => time <= this.#now)) {
      this.#due.delete(timer)
      timer.callback()
    }
  }
}

/** A storage on a disk whose process has descriptors as long as `hasDescriptors`. */
function starving(code?: string) {
  const disk = new TestDisk()
  const clock = new StillClock()
  const told: Error[] = []
  const state = { hasDescriptors: true }
  disk.fail = (operation) => (!state.hasDescriptors && NEEDING.includes(operation) ? shortage(code) : null)
  const options = { clock, onNoDescriptor: (error: Error) => told.push(error) }
  return { disk, clock, told, state, options }
}

/** Until everything that can go on has done so. */
async function settled(): Promise<void> {
  for (let i = 0; i < 200; i++) await new Promise(setImmediate)
}

describe.each(['EMFILE', 'ENFILE'])('%s', (code) => {
  it('delays the write that needs the next segment, and is told; the write is whole once there are descriptors', async () => {
    const { disk, clock, told, state, options } = starving(code)
    const storage = storageOn(disk, options)
    await storage.open()
    state.hasDescriptors = false
    let written = 0
    const writing = (async () => {
      for (let i = 1; i <= 40; i++) {
        await write(storage, [commands(i, 1, ['x'.repeat(600)])])
        written = i
      }
    })()
    writing.catch(() => {})
    await settled()
    expect([written < 40, clock.waiting]).toEqual([true, 1])
    for (let i = 0; i < 5; i++) {
      clock.pass(100)
      await settled()
    }
    expect(told.length).toBeGreaterThanOrEqual(6)
    expect(told[0]).toMatchObject({ code })
    state.hasDescriptors = true
    for (let i = 0; i < 40 && written < 40; i++) {
      clock.pass(100)
      await settled()
    }
    await writing
    disk.crash()
    expect((await contentsOf(storageOn(disk))).entries).toHaveLength(40)
  })
})

it('a segment is written to when its name is durable, however long its directory cannot be opened', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const disk = new TestDisk(seed)
    const storage = storageOn(disk, { clock: new StillClock() })
    await storage.open()
    await settled()
    disk.fail = (operation) => (operation === 'syncDirectory' ? shortage() : null)
    let acknowledged = 0
    const writeOn = async (index: number): Promise<void> => {
      await write(storage, [commands(index, 1, ['x'.repeat(600)])])
      acknowledged = index
      await writeOn(index + 1)
    }
    writeOn(1).catch(() => {})
    await settled()
    expect(acknowledged).toBeGreaterThan(3)
    disk.fail = () => null
    disk.crash()
    const { entries } = await contentsOf(storageOn(disk))
    expect(entries.length).toBeGreaterThanOrEqual(acknowledged)
  }
})

it('a read waits for a descriptor, too', async () => {
  const { disk, clock, state, options } = starving()
  const storage = storageOn(disk, options)
  await storage.open()
  await write(storage, [commands(1, 1, ['kept'])])
  await settled()
  state.hasDescriptors = false
  const reading = entriesOf(storage, 1, 1)
  await settled()
  state.hasDescriptors = true
  clock.pass(100)
  expect(await reading).toEqual(['1:kept'])
  await storage.close()
})

it('what waits for a descriptor does not keep the storage from closing; the write that was not begun fails', async () => {
  const { disk, state, options } = starving()
  const storage = storageOn(disk, options)
  await storage.open()
  await settled()
  state.hasDescriptors = false
  const acknowledged: number[] = []
  const failed = (async () => {
    for (let i = 1; ; i++) {
      await write(storage, [commands(i, 1, ['x'.repeat(600)])])
      acknowledged.push(i)
    }
  })().catch((error: unknown) => error)
  await settled()
  await storage.close()
  expect(await failed).toMatchObject({ code: 'RAFT_STORAGE', cause: { code: 'EMFILE' } })
  state.hasDescriptors = true
  expect((await contentsOf(storageOn(disk))).entries).toHaveLength(acknowledged.length)
})

it('a start without a descriptor says at once that it cannot, and what to do', async () => {
  const { disk, state, options } = starving()
  state.hasDescriptors = false
  const opening = storageOn(disk, options).open()
  await expect(opening).rejects.toMatchObject({
    code: 'RAFT_STORAGE',
    cause: { code: 'EMFILE' },
    message: expect.stringContaining('ulimit -n'),
  })
})

it('an error of a write stays final, whatever it is called', async () => {
  const { disk, options } = starving()
  const storage = storageOn(disk, options)
  await storage.open()
  await settled()
  disk.fail = (operation) => (operation === 'write' ? shortage() : null)
  await expect(write(storage, [commands(1, 1, ['x'])])).rejects.toMatchObject({ code: 'RAFT_STORAGE' })
  disk.fail = () => null
  await expect(write(storage, [commands(1, 1, ['x'])])).rejects.toMatchObject({ code: 'RAFT_STORAGE' })
  await storage.close()
})

describe('the file of the member', () => {
  const start = { storeId: 'ff'.repeat(16), starts: 3, boot: new Uint8Array(16) }

  async function opened() {
    const parts = starving()
    await parts.disk.fileSystem.createDirectory(DIRECTORY)
    const { disk, options } = parts
    const open = () =>
      MemberFile.open({ ...options, directory: DIRECTORY, storeId: '00'.repeat(16), voters: ['n1', 'n2'], fileSystem: disk.fileSystem })
    return { ...parts, open, file: await open() }
  }

  it('is written once there is a descriptor, and only then said to be', async () => {
    const { disk, clock, state, open, file } = await opened()
    state.hasDescriptors = false
    const heard: (Error | null)[] = []
    file.remember('n2', start, (error) => heard.push(error))
    await settled()
    clock.pass(100)
    await settled()
    expect(heard).toEqual([])
    state.hasDescriptors = true
    clock.pass(100)
    await settled()
    expect(heard).toEqual([null])
    disk.crash()
    expect((await open()).known('n2')).toEqual(start)
  })

  it('closes although it waits for a descriptor', async () => {
    const { state, file } = await opened()
    state.hasDescriptors = false
    file.remember('n2', start, () => {})
    await settled()
    await file.close()
  })
})
