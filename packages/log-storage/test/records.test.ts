import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { crc32 } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LogDamagedError, UnsupportedFormatError } from '../src/index.js'
import type { Database, DatabaseKind, DatabaseWrite } from '../src/key-value/database.js'
import { LevelLogStorage } from '../src/level/index.js'
import { levelKind } from '../src/level/level-database.js'
import { LmdbLogStorage } from '../src/lmdb/index.js'
import { lmdbKind } from '../src/lmdb/lmdb-database.js'
import { commands, contentsOf, write } from './support/log.js'

type Record = readonly [key: Buffer, value: Buffer]

let root: string

beforeEach(async () => {
  root = await mkdtemp(`${tmpdir()}/raft-log-`)
})

afterEach(() => rm(root, { recursive: true }))

const options = () => ({ directory: `${root}/log`, clusterId: 'c1', memberId: 'n1' })

const backends: readonly { name: string; kind: DatabaseKind; make: () => LmdbLogStorage | LevelLogStorage }[] = [
  { name: 'LmdbLogStorage', kind: lmdbKind, make: () => new LmdbLogStorage(options()) },
  { name: 'LevelLogStorage', kind: levelKind, make: () => new LevelLogStorage(options()) },
]

describe.each(backends)('$name', ({ kind, make }) => {
  /** Pieces at 1, 3, 5 and 6, the one at 3 longer than it counts: entries 1 to 6 of terms 1, 1, 1, 1, 2, 3. */
  async function written(): Promise<void> {
    const storage = make()
    await storage.open()
    await write(storage, [commands(1, 1, ['a', 'b'])], { currentTerm: 1, votedFor: 'n1' })
    await write(storage, [commands(3, 1, ['c', 'd', 'e', 'f'])])
    await write(storage, [commands(5, 2, ['E'])], { currentTerm: 2, votedFor: 'n2' })
    await write(storage, [commands(6, 3, ['F'])], { currentTerm: 3, votedFor: null })
    await storage.close()
  }

  async function withDatabase<T>(use: (database: Database) => Promise<T>): Promise<T> {
    const database = await (await kind.load())(`${root}/log/${kind.backend}`, false)
    try {
      return await use(database)
    } finally {
      await database.close()
    }
  }

  const records = () =>
    withDatabase(async (database) => {
      const found: Record[] = []
      for await (const [key, value] of database.records()) found.push([Buffer.from(key), Buffer.from(value)])
      return found
    })

  const change = (change: Partial<DatabaseWrite>) => withDatabase((database) => database.write({ puts: [], removes: [], ...change }))

  async function refusal(): Promise<unknown> {
    const storage = make()
    const error = await storage.open().then(
      () => null,
      (reason: unknown) => reason,
    )
    await storage.close()
    return error
  }

  test('the records are identity, state and pieces; nothing that was replaced is left', async () => {
    await written()
    expect((await records()).map(([key]) => key.toString('hex'))).toEqual([
      '00',
      '0100000000',
      ...[1, 3, 5, 6].map((index) => `0200000000000000000000000${index}`),
    ])
    const storage = make()
    const { entries, hardState } = await contentsOf(storage)
    expect(entries).toEqual(['1:a', '1:b', '1:c', '1:d', '2:E', '3:F'])
    expect(hardState).toEqual({ currentTerm: 3, votedFor: null })
    await write(storage, [commands(2, 4, ['B'])])
    await storage.close()
    expect((await records()).map(([key]) => key.at(-1))).toEqual([0, 0, 1, 2])
  })

  test('without any one of its records a log is damaged', async () => {
    await written()
    for (const [key, value] of await records()) {
      await change({ removes: [key] })
      expect(await refusal(), `without ${key.toString('hex')}`).toBeInstanceOf(LogDamagedError)
      await change({ puts: [[key, value]] })
    }
    expect(await refusal()).toBeNull()
  })

  test('with any one byte of a record changed it is damaged', async () => {
    await written()
    for (const [key, value] of await records()) {
      for (const at of [0, 4, 5, value.length - 1]) {
        const changed = Buffer.from(value)
        changed.writeUInt8(changed.readUInt8(at) ^ 0x10, at)
        await change({ puts: [[key, changed]] })
        expect(await refusal(), `byte ${at} of ${key.toString('hex')}`).toBeInstanceOf(LogDamagedError)
      }
      await change({ puts: [[key, value]] })
    }
    expect(await refusal()).toBeNull()
  })

  test('a record under the key of another, one that was replaced and came back, and one that is none of a log are damage', async () => {
    await written()
    const before = await records()
    const pieces = before.slice(2)
    const [third, fourth] = [pieces[2], pieces[3]] as [Record, Record]
    const storage = make()
    await storage.open()
    await write(storage, [commands(5, 9, ['X', 'Y'])])
    await storage.close()
    const after = await records()
    const wrong: (readonly [string, Partial<DatabaseWrite>])[] = [
      ['under the key of another', { puts: [[(after[2] as Record)[0], (after[3] as Record)[1]]] }],
      ['replaced, and there again', { puts: [third] }],
      ['removed, and there again', { puts: [fourth] }],
      ['an earlier state', { puts: [before[1] as Record] }],
      ['none of a log', { puts: [[Buffer.from('foreign'), Buffer.from('record')]] }],
    ]
    for (const [what, how] of wrong) {
      await change(how)
      expect(await refusal(), what).toBeInstanceOf(LogDamagedError)
      const extra = (await records()).map(([key]) => key).filter((key) => !after.some(([own]) => own.equals(key)))
      await change({ puts: after, removes: extra })
      expect(await refusal(), `mended: ${what}`).toBeNull()
    }
  })

  test('records of a later version are refused as such', async () => {
    await written()
    const [key, value] = (await records())[0] as Record
    const later = Buffer.from(value)
    later.writeUInt8(2, 4)
    later.writeUInt32LE(crc32(later.subarray(4), crc32(key)), 0)
    await change({ puts: [[key, later]] })
    expect(await refusal()).toBeInstanceOf(UnsupportedFormatError)
  })
})
