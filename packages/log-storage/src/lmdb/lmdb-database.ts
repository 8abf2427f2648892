import { existsSync } from 'node:fs'
import { setImmediate } from '@raft/system'
import type { RootDatabase } from 'lmdb'
import { LogDamagedError, MissingPackageError } from '../errors.js'
import type { Database, DatabaseKind, DatabaseView, DatabaseWrite } from '../key-value/database.js'
import { lengthenDataFile } from './data-file.js'

const DATA_FILE = 'data.mdb'
/** Records between two turns of the event loop while all are read. */
const RECORDS_PER_TURN = 1000

type Lmdb = RootDatabase<Uint8Array, Uint8Array>

export const lmdbKind: DatabaseKind = {
  backend: 'lmdb',
  async load() {
    const { open } = await import('lmdb').catch((error: unknown) => {
      throw new MissingPackageError('lmdb', 'lmdb', error)
    })
    return async (directory, isNew) => {
      const file = `${directory}/${DATA_FILE}`
      if (!isNew && !existsSync(file)) throw new LogDamagedError(file, null, 'the file is missing')
      if (!isNew) await lengthenDataFile(file)
      try {
        const database: Lmdb = open({
          path: directory,
          noSubdir: false,
          encoding: 'binary',
          keyEncoding: 'binary',
          // A write is fulfilled when its pages were synced and then the page that points to them was: with overlapping syncs it
          // would be when others can see it, and the system has it in memory.
          overlappingSync: false,
        })
        return new LmdbDatabase(database, file)
      } catch (error) {
        throw explained(file, error)
      }
    }
  },
}

class LmdbDatabase implements Database {
  readonly #database: Lmdb
  readonly #file: string

  constructor(database: Lmdb, file: string) {
    this.#database = database
    this.#file = file
  }

  view(): DatabaseView {
    const transaction = this.#database.useReadTransaction()
    return {
      get: async (key) => {
        // Pages that are not in memory are read by another thread, so that the event loop does not wait for the disk.
        await this.#database.prefetch([key])
        try {
          return this.#database.get(key, { transaction }) ?? null
        } catch (error) {
          throw explained(this.#file, error)
        }
      },
      release: () => transaction.done(),
    }
  }

  async *records(): AsyncGenerator<readonly [key: Uint8Array, value: Uint8Array]> {
    let count = 0
    try {
      for (const { key, value } of this.#database.getRange()) {
        yield [key, value]
        count += 1
        if (count % RECORDS_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve))
      }
    } catch (error) {
      throw explained(this.#file, error)
    }
  }

  async write({ puts, removes }: DatabaseWrite): Promise<void> {
    try {
      await this.#database.batch(() => {
        for (const key of removes) this.#database.remove(key)
        for (const [key, value] of puts) this.#database.put(key, value)
      })
    } catch (error) {
      throw explained(this.#file, await causeOf(error))
    }
  }

  close(): Promise<void> {
    return this.#database.close()
  }
}

/** The reason for which a commit failed comes as a promise that is rejected with it. */
async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error
  try {
    await error.commitError
    return error
  } catch (cause) {
    return cause
  }
}

const DAMAGE = /MDB_(CORRUPTED|PAGE_NOTFOUND|INVALID|PANIC|CURSOR_FULL|BAD_TXN|PAGE_FULL)/

function explained(file: string, error: unknown): unknown {
  return error instanceof Error && DAMAGE.test(error.message) ? new LogDamagedError(file, null, error.message) : error
}
