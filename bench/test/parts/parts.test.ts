import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { codec } from '../../src/parts/codec.js'
import { core } from '../../src/parts/core.js'
import { logStorage } from '../../src/parts/log-storage.js'
import { stateMachine } from '../../src/parts/state-machine.js'
import { Recorder } from '../../src/recorder.js'
import type { Suite } from '../../src/suite.js'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'raft-bench-test-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** What a short run records: that it is measured, not how much it is. */
async function measured(suite: Suite, duration: number): Promise<Recorder> {
  const recorder = new Recorder()
  await suite.run(recorder, { rounds: 2, duration, directory, say: () => {} })
  for (const { what, by, rounds } of recorder.figures) for (const value of rounds) expect(value, `${what} of ${by}`).toBeGreaterThan(0)
  return recorder
}

const named = ({ figures }: Recorder) => new Set(figures.map(({ what, by, x }) => `${what}: ${by}${x === null ? '' : `, ${x.value}`}`))

test('codec: entries, messages and commands', async () => {
  const found = named(await measured(codec, 8))
  expect(found.size).toBe(14)
  expect([...found]).toEqual(
    expect.arrayContaining(['µs for each batch: AppendEntries decoded, 256', 'µs for each command: decoded by the store']),
  )
})

test('state-machine: against the number of keys, the large ones only by those who take their time', async () => {
  const found = named(await measured(stateMachine, 20))
  expect([...found]).toEqual(
    expect.arrayContaining([
      'µs for each operation: put, 10000',
      'µs for each operation: range of 100, 100000',
      'bytes of memory for each key: store, 10000',
    ]),
  )
  expect(found.size).toBe(8)
})

test('core: against the number of members and the commands at a time', async () => {
  const found = named(await measured(core, 1))
  expect([...found]).toEqual(
    expect.arrayContaining(['commands/s committed: 256 commands at a time, 7', 'commands/s committed: 1 command at a time, 1']),
  )
  expect(found.size).toBe(12)
})

test('log-storage: every backend, the bare loop, one member against it, and opening', async () => {
  const recorder = await measured(logStorage, 10)
  expect([...named(recorder)]).toEqual(
    expect.arrayContaining([
      'durable records/s: file, 1000',
      'durable records/s: lmdb, 1',
      'median of one write, ms: level, 16',
      'durable records/s: bare loop: write, fdatasync, 256',
      'durable records/s of one member: raft',
      'ms to open: lmdb',
      'MB on the disk: file',
    ]),
  )
  expect(recorder.ratios.map(({ at, to }) => `${at}: ${to}`)).toEqual(
    expect.arrayContaining([
      '128 B, 256 outstanding, or 256 a write: bare loop: write, fdatasync',
      '128 B, 1000 outstanding, or 1000 a write: bare loop: O_DSYNC, into zeros',
    ]),
  )
  for (const { of, rounds, aim } of recorder.ratios) expect([of, rounds.length, aim]).toEqual(['raft', 2, { atLeast: 0.5 }])
})
