import type { LogStorage, Member } from '@raft/core'
import { FileLogStorage } from '@raft/log-storage'
import { StartError } from './errors.js'
import type { CreateNodeOptions } from './options.js'

/** The storage that is given, or files in `dataDir`. @throws StartError when there is neither */
export function storageFor(options: CreateNodeOptions, clusterId: string): LogStorage {
  if (options.storage !== undefined) return options.storage
  if (options.dataDir === undefined) throw new StartError('dataDir: a directory for the durable log is needed (or a storage of your own)')
  return new FileLogStorage({ directory: options.dataDir, clusterId, memberId: options.id })
}

/** The members as core takes them. */
export function membersOf(members: CreateNodeOptions['members']): Member[] {
  return Object.entries(members).map(([id, { peer, client }]) => ({ id, addresses: client === undefined ? { peer } : { peer, client } }))
}
