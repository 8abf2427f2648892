import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { StorageError } from '@raft/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { UNFINISHED_NAMES } from '../src/backends.js'
import { ForeignFilesError, IdentityMismatchError, LogDamagedError, OtherBackendError, StorageInUseError } from '../src/index.js'
import { applied, commands, contentsOf, emptyModel, randomWrite, read, write } from './support/log.js'
import { type RealOptions, realStorages } from './support/real-storages.js'
import { seeded } from './support/seeded.js'

let root: string

beforeEach(async () => {
  root = await mkdtemp(`${tmpdir()}/raft-log-`)
})

afterEach(() => rm(root, { recursive: true }))

const options = (more: Partial<RealOptions> = {}): RealOptions => ({ directory: `${root}/log`, clusterId: 'c1', memberId: 'n1', ...more })

async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => new Error('there was none'),
    (error: Error) => error,
  )
}

describe.each(realStorages)('$name', ({ backend, make }) => {
  /** A log with a little in it, closed. */
  async function written(more: Partial<RealOptions> = {}): Promise<void> {
    const storage = make(options(more))
    await storage.open()
    for (let i = 1; i <= 5; i++) await write(storage, [commands(i, 1, [`payload ${i}`])], { currentTerm: 1, votedFor: 'n1' })
    await storage.close()
  }

  test('the store id is made once, from the random source, and found again', async () => {
    await written({ randomBytes: (count) => new Uint8Array(count).fill(0xab), group: 7 })
    const again = make(options({ group: 7 }))
    await again.open()
    expect(again.identity).toEqual({ clusterId: 'c1', storeId: 'ab'.repeat(16), memberId: 'n1', group: 7 })
    await again.close()
  })

  test('ids are found again as they were given, a byte order mark at their beginning included', async () => {
    const ids = { clusterId: '\ufeffc', memberId: '\ufeffñ' }
    const storage = make(options(ids))
    await storage.open()
    await write(storage, [], { currentTerm: 1, votedFor: ids.memberId })
    await storage.close()
    const again = make(options(ids))
    expect((await again.open()).hardState).toEqual({ currentTerm: 1, votedFor: ids.memberId })
    expect(again.identity).toMatchObject(ids)
    await again.close()
  })

  test.each([{ clusterId: 'c\ud800' }, { memberId: '\udc00' }, { directory: '/tmp/\ud800' }])(
    'names that are no text are refused: %j',
    (other) => {
      expect(() => make(options(other))).toThrow(/lone surrogates/)
    },
  )

  test.each([{ clusterId: 'c2' }, { memberId: 'n2' }, { group: 1 }])('the directory of another is refused: %o', async (other) => {
    await written()
    const error = await failure(make(options(other)).open())
    expect(error).toBeInstanceOf(IdentityMismatchError)
    expect(error.message).toMatch(/belongs to member n1 of cluster c1, group 0 .* not to member/)
    const own = make(options())
    expect((await own.open()).lastIndex).toBe(5)
    await own.close()
  })

  test('a directory that holds the log of another backend is refused, and both are named', async () => {
    await written()
    for (const other of realStorages.filter((each) => each.backend !== backend)) {
      const error = await failure(other.make(options()).open())
      expect(error).toBeInstanceOf(OtherBackendError)
      expect(error).toMatchObject({ code: 'RAFT_OTHER_BACKEND', found: backend })
      expect(error.message).toContain(`holds a log of the storage "${backend}", not of "${other.backend}"`)
    }
    const own = make(options())
    expect((await own.open()).lastIndex).toBe(5)
    await own.close()
  })

  test('a directory that holds something else is refused, and left as it was', async () => {
    await mkdir(`${root}/log`)
    await writeFile(`${root}/log/notes.txt`, 'mine')
    const error = await failure(make(options()).open())
    expect(error).toBeInstanceOf(ForeignFilesError)
    expect(error.message).toContain('notes.txt')
    expect((await readdir(`${root}/log`)).sort()).toEqual(['lock', 'notes.txt'])
  })

  test('files whose names begin with a dot do not make a directory foreign, and are left as they are', async () => {
    await mkdir(`${root}/log`)
    for (const name of ['.gitkeep', '.DS_Store']) await writeFile(`${root}/log/${name}`, 'not ours')
    const storage = make(options())
    await storage.open()
    await storage.close()
    const again = make(options())
    await again.open()
    await again.close()
    expect(await readdir(`${root}/log`)).toEqual(expect.arrayContaining(['.gitkeep', '.DS_Store']))
    expect(await readFile(`${root}/log/.gitkeep`, 'utf8')).toBe('not ours')
  })

  test('a second storage is refused, and let in when the first is closed', async () => {
    const first = make(options())
    await first.open()
    expect(await failure(make(options()).open())).toBeInstanceOf(StorageInUseError)
    await first.close()
    const second = make(options())
    await second.open()
    await second.close()
  })

  test('what a formatting that was cut short has left is no log of any backend', async () => {
    for (const other of UNFINISHED_NAMES) {
      await mkdir(`${root}/log/${other}`, { recursive: true })
      await writeFile(`${root}/log/${other}/data.mdb`, 'half of it')
    }
    await written()
    const again = make(options())
    expect((await again.open()).lastIndex).toBe(5)
    await again.close()
  })

  test('calls out of order are refused by name', async () => {
    const storage = make(options())
    await expect(read(storage, 1, 1)).rejects.toThrow('not open')
    await expect(write(storage, [])).rejects.toThrow('not open')
    await storage.open()
    const first = write(storage, [commands(1, 1, ['x'])])
    await expect(write(storage, [commands(2, 1, ['y'])])).rejects.toThrow('in flight')
    await first
    await expect(read(storage, 1, 2)).rejects.toThrow('holds 1 to 1')
    await storage.close()
    await expect(storage.open()).rejects.toThrow('make a new one')
  })

  test('a gap is refused, and no write follows it', async () => {
    const storage = make(options())
    await storage.open()
    await expect(write(storage, [commands(3, 1, ['x'])])).rejects.toThrow(StorageError)
    await expect(write(storage, [commands(1, 1, ['x'])])).rejects.toThrow('entries from 3 on')
    await storage.close()
  })

  test('a read that has begun, and one that begins while a write replaces the log, gives the entries of before or of after', async () => {
    const storage = make(options())
    await storage.open()
    for (let term = 2; term < 30; term++) {
      // 600 kB: pieces of their own, of which the next, shorter write removes all but the first.
      await write(storage, [
        commands(
          1,
          term,
          Array.from({ length: 6 }, () => Buffer.alloc(100_000, term)),
        ),
      ])
      const before = read(storage, 1, 6)
      const writing = write(storage, [commands(1, term + 1, ['short'])])
      const lastMeanwhile = read(storage, 6, 6)
      const restMeanwhile = read(storage, 2, 5)
      await writing
      for (const batch of [await before, await lastMeanwhile, await restMeanwhile]) {
        for (let i = batch.firstIndex; i <= batch.lastIndex; i++) {
          expect(batch.term(i)).toBe(term)
          expect(batch.payload(i)[0]).toBe(term)
        }
      }
      await expect(read(storage, 2, 2)).rejects.toThrow('holds 1 to 1')
    }
    await storage.close()
  })

  test.each([0, 2 ** 32 - 20, 2 ** 52])(
    'a log that begins behind %d holds what its writes amount to, also when opened again',
    async (index) => {
      const base = { index, term: index === 0 ? 0 : index - 1 }
      const random = seeded(index % 1000)
      let model = emptyModel(index)
      for (let opening = 0; opening < 4; opening++) {
        const storage = make(options({ base }))
        const found = await contentsOf(storage)
        if (opening === 0) model = { ...model, hardState: found.hardState }
        expect(found).toEqual(model)
        for (let i = 0; i < 20; i++) {
          const next = randomWrite(model, random)
          await write(storage, next.entries, next.hardState)
          model = applied(model, next)
        }
        await storage.close()
      }
    },
  )
})

const databases = realStorages.filter(({ backend }) => backend !== 'file')

describe.each(databases)('$name, damaged', ({ backend, make }) => {
  async function written(payload: (i: number) => string, count = 20): Promise<void> {
    const storage = make(options())
    await storage.open()
    for (let i = 1; i <= count; i++) await write(storage, [commands(i, 1, [payload(i)])])
    await storage.close()
  }

  test('a database that is gone, while its directory is there, is damage and no new log', async () => {
    await written((i) => `payload ${i}`)
    await rm(`${root}/log/${backend}`, { recursive: true })
    await mkdir(`${root}/log/${backend}`)
    const error = await failure(make(options()).open())
    expect(error).toBeInstanceOf(LogDamagedError)
    expect(await readdir(`${root}/log/${backend}`)).not.toContain('data.mdb')
  })

  test('a changed byte of a payload is damage', async () => {
    await written((i) => `a payload to be found: ${i}.`)
    const place = await find(`${root}/log/${backend}`, 'a payload to be found: 7.')
    await change(place, (bytes, at) => bytes.writeUInt8(bytes.readUInt8(at + 3) ^ 1, at + 3))
    expect(await failure(make(options()).open())).toBeInstanceOf(LogDamagedError)
  })
})

describe('LmdbLogStorage, damaged', () => {
  const make = databases[0]?.make as (typeof realStorages)[number]['make']

  test('a file that was cut short is refused, where reading on would end the process', async () => {
    const storage = make(options())
    await storage.open()
    for (let i = 1; i <= 20; i++) await write(storage, [commands(i, 1, [Buffer.alloc(20_000, i)])])
    await storage.close()
    await truncate(`${root}/log/lmdb/data.mdb`, 100_000)
    const error = await failure(make(options()).open())
    expect(error).toBeInstanceOf(LogDamagedError)
  })

  test('what is no database is refused', async () => {
    const storage = make(options())
    await storage.open()
    await storage.close()
    await writeFile(`${root}/log/lmdb/data.mdb`, Buffer.alloc(65_536, 'no database'))
    expect(await failure(make(options()).open())).toBeInstanceOf(LogDamagedError)
  })
})

interface Place {
  readonly file: string
  readonly at: number
}

async function find(directory: string, text: string): Promise<Place> {
  for (const name of await readdir(directory)) {
    const file = `${directory}/${name}`
    const at = (await readFile(file)).lastIndexOf(text)
    if (at >= 0) return { file, at }
  }
  throw new Error(`${text} is in no file of ${directory}`)
}

async function change({ file, at }: Place, how: (bytes: Buffer, at: number) => void): Promise<void> {
  const bytes = await readFile(file)
  how(bytes, at)
  await writeFile(file, bytes)
}
