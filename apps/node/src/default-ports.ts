import type { LogStorage, Member } from '@raft/core'
import { FileLogStorage } from '@raft/log-storage'
import { problem } from './config/problems.js'
import { STORAGE } from './config/schema.js'
import { StartError } from './errors.js'
import type { CreateNodeOptions } from './options.js'

/** The storage that is given, or the one of that name in `dataDir`. @throws StartError when there is neither */
export async function storageFor(options: CreateNodeOptions, clusterId: string): Promise<LogStorage> {
  const { storage = 'file', dataDir, id } = options
  if (typeof storage !== 'string') return storage
  if (dataDir === undefined) throw new StartError('dataDir: a directory for the durable log is needed (or a storage of your own)')
  const log = { directory: dataDir, clusterId, memberId: id }
  switch (storage) {
    case 'file':
      return new FileLogStorage(log)
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
