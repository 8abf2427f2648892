import type { LogStorage } from '@raft/core'
import type { Backend } from '../../src/backends.js'
import { FileLogStorage, type FileLogStorageOptions, type Identity } from '../../src/index.js'
import { LevelLogStorage } from '../../src/level/index.js'
import { LmdbLogStorage } from '../../src/lmdb/index.js'

export type RealOptions = Omit<FileLogStorageOptions, 'segmentBytes' | 'fileSystem'>

export interface RealStorage {
  readonly name: string
  readonly backend: Backend
  make(options: RealOptions): LogStorage & { readonly identity: Identity }
}

/** Every storage that keeps a log on the files of this machine. */
export const realStorages: readonly RealStorage[] = [
  { name: 'FileLogStorage', backend: 'file', make: (options) => new FileLogStorage({ ...options, segmentBytes: 65_536 }) },
  { name: 'LmdbLogStorage', backend: 'lmdb', make: (options) => new LmdbLogStorage(options) },
  { name: 'LevelLogStorage', backend: 'level', make: (options) => new LevelLogStorage(options) },
]

/** @throws Error for a name that is none */
export function realStorage(backend: string): RealStorage {
  const found = realStorages.find((each) => each.backend === backend)
  if (found === undefined) throw new Error(`no storage ${backend}`)
  return found
}
