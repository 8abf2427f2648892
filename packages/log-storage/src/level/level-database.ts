import { type FileHandle, open as openFile } from 'node:fs/promises'
import type { ClassicLevel } from 'classic-level'
import { LogDamagedError, MissingPackageError, StorageInUseError } from '../errors.js'
import type { Database, DatabaseKind, DatabaseView, DatabaseWrite } from '../key-value/database.js'
import { refuseDamagedLogs } from './log-files.js'

type Level = ClassicLevel<Uint8Array, Uint8Array>

export const levelKind: DatabaseKind = {
  backend: 'level',
  async load() {
    const { ClassicLevel } = await import('classic-level').catch((error: unknown) => {
      throw new MissingPackageError('classic-level', 'level', error)
    })
    return async (directory, isNew) => {
      if (!isNew) await refuseDamagedLogs(directory)
      const handle = await openDirectory(directory)
      try {
        const database: Level = new ClassicLevel(directory, {
          keyEncoding: 'view',
          valueEncoding: 'view',
          createIfMissing: isNew,
          errorIfExists: isNew,
        })
        await database.open()
        // Opening has removed logs that it has read. Were one to come back, its torn tail would lie before later writes.
        await handle?.sync()
        return new LevelDatabase(database, directory, handle)
      } catch (error) {
        await handle?.close()
        throw explained(directory, error)
      }
    }
  },
}

class LevelDatabase implements Database {
  readonly #database: Level
  readonly #path: string
  readonly #directory: FileHandle | null

  constructor(database: Level, path: string, directory: FileHandle | null) {
    this.#database = database
    this.#path = path
    this.#directory = directory
  }

  view(): DatabaseView {
    const snapshot = this.#database.snapshot()
    return {
      get: async (key) => {
        try {
          return (await this.#database.get<Uint8Array, Uint8Array>(key, { snapshot })) ?? null
        } catch (error) {
          throw explained(this.#path, error)
        }
      },
      release: () => {
        // It only lets go of memory.
        snapshot.close().catch(() => {})
      },
    }
  }

  async *records(): AsyncGenerator<readonly [key: Uint8Array, value: Uint8Array]> {
    try {
      yield* this.#database.iterator()
    } catch (error) {
      throw explained(this.#path, error)
    }
  }

  async write({ puts, removes }: DatabaseWrite): Promise<void> {
    const batch = [
      ...removes.map((key) => ({ type: 'del', key }) as const),
      ...puts.map(([key, value]) => ({ type: 'put', key, value }) as const),
    ]
    try {
      await this.#database.batch(batch, { sync: true })
      // LevelDB begins a new file now and then, and syncs what is in it, but not that it is there.
      await this.#directory?.sync()
    } catch (error) {
      throw explained(this.#path, error)
    }
  }

  async close(): Promise<void> {
    try {
      await this.#database.close()
    } finally {
      await this.#directory?.close()
    }
  }
}

/** Windows cannot open a directory, and has no need to. */
async function openDirectory(path: string): Promise<FileHandle | null> {
  return process.platform === 'win32' ? null : await openFile(path, 'r')
}

/** What LevelDB says stands in the innermost cause. That a file is missing which another names is damage, too. */
function explained(path: string, error: unknown): unknown {
  let inner = error
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause
  if (!(inner instanceof Error)) return error
  const code = 'code' in inner ? inner.code : undefined
  if (code === 'LEVEL_LOCKED') return new StorageInUseError(path)
  if (code === 'LEVEL_CORRUPTION' || /No such file|does not exist/.test(inner.message))
    return new LogDamagedError(path, null, inner.message)
  return inner
}
