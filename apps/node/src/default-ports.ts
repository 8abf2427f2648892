import type { LogStorage, Member } from '@raft/core'
import { FileLogStorage, type FileLogStorageOptions, type Identity, type LogStorageOptions, type TornWrite } from '@raft/log-storage'
import { problem } from './config/problems.js'
import { STORAGE } from './config/schema.js'
import { StartError } from './errors.js'
import type { CreateNodeOptions } from './options.js'

type ClusterId = LogStorageOptions['clusterId']

/** A storage that knows whose directory it has opened. */
export interface DirectoryStorage extends LogStorage {
  readonly identity: Identity
  /** Of files: the write that opening has erased; null where there was none. */
  readonly tornWrite?: TornWrite | null
}

/**
 * The storage of the name that is given, in a directory.
 *
 * @param onNoDescriptor as of FileLogStorage; databases open their files when they are opened
 * @throws StartError where there is none of that name
 */
export async function storageIn(
  directory: string,
  options: CreateNodeOptions,
  clusterId: ClusterId,
  onNoDescriptor: NonNullable<FileLogStorageOptions['onNoDescriptor']>,
): Promise<DirectoryStorage> {
  const { storage = 'file', id } = options
  const log = { directory, clusterId, memberId: id }
  switch (storage) {
    case 'file':
      return new FileLogStorage({ ...log, onNoDescriptor })
    case 'lmdb':
      return new (await import('@raft/log-storage/lmdb')).LmdbLogStorage(log)
    case 'level':
      return new (await import('@raft/log-storage/level')).LevelLogStorage(log)
    default:
      throw new StartError(problem('storage', STORAGE, storage))
  }
}

/** The members as core takes them. */
export function membersOf(members: CreateNodeOptions['members']): Member[] {
  return Object.entries(members).map(([id, { peer, client }]) => ({ id, addresses: client === undefined ? { peer } : { peer, client } }))
}
