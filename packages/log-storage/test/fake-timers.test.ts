import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { StorageInUseError } from '../src/index.js'
import { commands, readAll, write } from './support/log.js'
import { realStorages } from './support/real-storages.js'

/* Tests of an application fake timers around a member, and take the fakes away again. */

const FAKED = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
  'queueMicrotask',
  'Date',
  'hrtime',
  'performance',
] as const

beforeEach(() => void vi.useFakeTimers({ toFake: [...FAKED] }))
afterEach(() => void vi.useRealTimers())

// The package lmdb takes its timers from the global object at each call, and stands still while they are faked.
describe.each(realStorages.filter(({ backend }) => backend !== 'lmdb'))('$name', ({ make }) => {
  test('a log that was opened while timers were faked is written then, and when the fakes have gone', async () => {
    const directory = await mkdtemp(`${tmpdir()}/raft-log-`)
    const options = { directory: `${directory}/log`, clusterId: 'c1', memberId: 'n1' }
    const storage = make(options)
    await expect(write(storage, [])).rejects.toThrow('the storage is not open')
    await storage.open()
    await expect(make(options).open()).rejects.toThrow(StorageInUseError)
    for (let i = 1; i <= 50; i++) await write(storage, [commands(i, 1, ['while they are faked'])], { currentTerm: 1, votedFor: 'n1' })
    const underWay = write(storage, [commands(51, 1, ['under way'])])
    vi.useRealTimers()
    await underWay
    await write(storage, [commands(52, 1, ['afterwards'])])
    expect((await readAll(storage, 1, 52)).lastIndex).toBe(52)
    await storage.close()
    await rm(directory, { recursive: true })
  })
})
