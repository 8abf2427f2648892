import { closeSync, constants, fdatasync, mkdirSync, openSync, readdirSync, rmSync, statSync, write, writeSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type EntryBatch, type LogStorage, Node } from '@raft/core'
import { FileLogStorage } from '@raft/log-storage'
import { LevelLogStorage } from '@raft/log-storage/level'
import { LmdbLogStorage } from '@raft/log-storage/lmdb'
import { nodeClock, nodeRandom } from '@raft/node'
import type { Recorder } from '../recorder.js'
import type { Suite, SuiteOptions } from '../suite.js'
import { CountingMachine, proposeFor } from './core.js'
import { batchOf, elapsed, PAYLOAD_BYTES, payloads } from './payloads.js'

const RECORDS = [1, 16, 256, 1000]
/** Of a member alone, and in each write of the bare loop that it is held against. */
const OUTSTANDING = [256, 1000]
const ofOneMember = (records: number) => `${PAYLOAD_BYTES} B, ${records} outstanding, or ${records} a write`
const ONE_MEMBER = 'durable records/s of one member'
const PREALLOCATED_BYTES = 32 * 2 ** 20
const TO_OPEN = 1_000_000

const storages: Readonly<Record<string, (directory: string) => LogStorage>> = {
  file: (directory) => new FileLogStorage({ directory, clusterId: 'bench', memberId: 'n1' }),
  lmdb: (directory) => new LmdbLogStorage({ directory, clusterId: 'bench', memberId: 'n1' }),
  level: (directory) => new LevelLogStorage({ directory, clusterId: 'bench', memberId: 'n1' }),
}

/** Appends to a file, one durable write after the other, and nothing else. */
interface BareLoop {
  readonly name: string
  readonly flags: number
  readonly isPreallocated: boolean
}

const loops: readonly BareLoop[] = [
  { name: 'bare loop: write, fdatasync', flags: constants.O_WRONLY | constants.O_CREAT, isPreallocated: false },
  { name: 'bare loop: the same into zeros', flags: constants.O_WRONLY | constants.O_CREAT, isPreallocated: true },
  { name: 'bare loop: O_DSYNC, into zeros', flags: constants.O_WRONLY | constants.O_CREAT | constants.O_DSYNC, isPreallocated: true },
]

export const logStorage: Suite = {
  name: 'log-storage',
  description: 'Durable records a second of every backend, against a bare write-and-fdatasync loop; a member alone; opening',
  versions: ['lmdb', 'classic-level'],
  run: async (recorder, options) => {
    for (let round = 0; round < options.rounds; round++) {
      for (const records of RECORDS) await measureWrites(recorder, options, records)
      for (const records of OUTSTANDING) await measureOneMember(recorder, options, records)
      await measureOpening(recorder, options)
      options.say(`log-storage: round ${round + 1} of ${options.rounds}`)
    }
    for (const records of OUTSTANDING)
      for (const { name } of loops) recorder.compare(ONE_MEMBER, ofOneMember(records), 'raft', name, { atLeast: 0.5 })
  },
}

async function measureWrites(recorder: Recorder, { directory, duration }: SuiteOptions, records: number): Promise<void> {
  const measured = { at: `${PAYLOAD_BYTES} B`, x: { name: 'records a write', value: records } }
  const note = (by: string, { rate, median }: Writes) => {
    recorder.add({ ...measured, what: 'durable records/s', by }, rate)
    recorder.add({ ...measured, what: 'median of one write, ms', by }, median)
  }
  for (const loop of loops) note(loop.name, await writeBare(loop, directory, records, duration))
  for (const [name, open] of Object.entries(storages)) {
    await inDirectory(directory, async (path) => {
      const storage = open(path)
      let index = (await storage.open()).lastIndex + 1
      const commands = payloads(records)
      note(
        name,
        await writeFor(records, duration, async () => {
          await append(storage, batchOf(index, commands))
          index += records
        }),
      )
      await storage.close()
    })
  }
}

/** A cluster of one member: all of core, and the log, with a state machine that does nothing. */
async function measureOneMember(recorder: Recorder, { directory, duration }: SuiteOptions, records: number): Promise<void> {
  const measured = { what: ONE_MEMBER, at: ofOneMember(records) }
  for (const loop of loops) recorder.add({ ...measured, by: loop.name }, (await writeBare(loop, directory, records, duration)).rate)
  await inDirectory(directory, async (path) => {
    let elected: () => void = () => {}
    const leads = new Promise<void>((resolve) => {
      elected = resolve
    })
    const node = new Node<null>({
      id: 'n1',
      members: [{ id: 'n1', addresses: {} }],
      storage: new FileLogStorage({ directory: path, clusterId: 'bench', memberId: 'n1' }),
      stateMachine: new CountingMachine(),
      transport: { attach: () => {}, detach: () => {}, setMembers: () => {}, send: () => {} },
      clock: nodeClock,
      random: nodeRandom,
      electionTimeout: 150,
      onLeader: () => elected(),
    })
    try {
      await node.start()
      await leads
      recorder.add({ ...measured, by: 'raft' }, await proposeFor(node, payloads(1), records, duration))
    } finally {
      await node.stop()
    }
  })
}

async function measureOpening(recorder: Recorder, { directory, duration }: SuiteOptions): Promise<void> {
  // A short measurement is content with less.
  const records = duration >= 1000 ? TO_OPEN : TO_OPEN / 100
  for (const [name, open] of Object.entries(storages)) {
    await inDirectory(directory, async (path) => {
      const storage = open(path)
      await storage.open()
      const commands = payloads(1000)
      for (let index = 1; index <= records; index += commands.length) await append(storage, batchOf(index, commands))
      await storage.close()
      const at = `${records.toLocaleString('en')} records of ${PAYLOAD_BYTES} B`
      recorder.add({ what: 'MB on the disk', at, by: name }, bytesOnDisk(path) / 1e6)
      const again = open(path)
      const startedAt = performance.now()
      const { lastIndex } = await again.open()
      recorder.add({ what: 'ms to open', at, by: name }, elapsed(startedAt) * 1000)
      if (lastIndex !== records) throw new Error(`${name} holds ${lastIndex} records, where ${records} were written`)
      await again.close()
    })
  }
}

interface Writes {
  /** Records a second. */
  readonly rate: number
  /** In ms. */
  readonly median: number
}

async function writeFor(records: number, duration: number, one: () => Promise<void>): Promise<Writes> {
  for (let i = 0; i < 20; i++) await one()
  const took: number[] = []
  const startedAt = performance.now()
  while (performance.now() - startedAt < duration / 2) {
    const before = performance.now()
    await one()
    took.push(performance.now() - before)
  }
  const seconds = elapsed(startedAt)
  took.sort((a, b) => a - b)
  return { rate: (took.length * records) / seconds, median: took[took.length >> 1] as number }
}

async function writeBare({ flags, isPreallocated }: BareLoop, directory: string, records: number, duration: number): Promise<Writes> {
  const path = join(directory, 'bare')
  const descriptor = openSync(path, flags, 0o600)
  const bytes = Buffer.concat(payloads(records))
  const [writeAt, sync] = [promisify(write), promisify(fdatasync)]
  try {
    if (isPreallocated) {
      const zeros = Buffer.alloc(2 ** 20)
      for (let at = 0; at < PREALLOCATED_BYTES; at += zeros.length) writeSync(descriptor, zeros, 0, zeros.length, at)
      await sync(descriptor)
    }
    let position = 0
    return await writeFor(records, duration, async () => {
      await writeAt(descriptor, bytes, 0, bytes.length, position)
      if ((flags & constants.O_DSYNC) === 0) await sync(descriptor)
      position = isPreallocated ? (position + bytes.length) % (PREALLOCATED_BYTES - bytes.length) : position + bytes.length
    })
  } finally {
    closeSync(descriptor)
    rmSync(path, { force: true })
  }
}

function append(storage: LogStorage, batch: EntryBatch): Promise<void> {
  return new Promise((resolve, reject) => {
    storage.write({ hardState: null, entries: [batch] }, (error) => (error === null ? resolve() : reject(error)))
  })
}

async function inDirectory(parent: string, use: (path: string) => Promise<void>): Promise<void> {
  const path = join(parent, 'log')
  mkdirSync(path)
  try {
    await use(path)
  } finally {
    rmSync(path, { recursive: true, force: true })
  }
}

/** Holes not counted. */
function bytesOnDisk(path: string): number {
  const stats = statSync(path)
  if (!stats.isDirectory()) return stats.blocks * 512
  return readdirSync(path).reduce((sum, name) => sum + bytesOnDisk(join(path, name)), stats.blocks * 512)
}
