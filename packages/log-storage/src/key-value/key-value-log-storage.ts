import { mkdir, rename, rm } from 'node:fs/promises'
import { refuseOtherBackends, unfinishedName } from '../backends.js'
import { ExclusiveLogStorage } from '../exclusive-log-storage.js'
import { refuseForeignFiles } from '../format-directory.js'
import { nodeFileSystem } from '../node-file-system.js'
import { clusterIdToFormatWith, completeCommonOptions, expectedIdentity, type LogStorageOptions } from '../options.js'
import type { DatabaseKind, OpenDatabase } from './database.js'
import { KeyValueLog } from './key-value-log.js'
import { LogOpening } from './opening.js'
import { checksumOf, encodeIdentity, encodeState, identityKey, stateKey } from './records.js'

/** The log of one member in a database, which lies in a subdirectory of the log's directory that has the backend's name. */
export abstract class KeyValueLogStorage extends ExclusiveLogStorage<KeyValueLog> {
  readonly #kind: DatabaseKind
  readonly #options: Required<LogStorageOptions>

  /** @throws ConfigurationError for an option that cannot work. */
  protected constructor(kind: DatabaseKind, options: LogStorageOptions) {
    const complete = completeCommonOptions(options)
    super(complete.directory, nodeFileSystem)
    this.#kind = kind
    this.#options = complete
  }

  protected override async openLog(): Promise<KeyValueLog> {
    const { directory } = this.#options
    const { backend } = this.#kind
    const path = `${directory}/${backend}`
    const names = await nodeFileSystem.list(directory)
    refuseOtherBackends(directory, names, backend)
    const openDatabase = await this.#kind.load()
    if (!names.includes(backend)) {
      refuseForeignFiles(directory, names)
      await this.#format(openDatabase, path)
    }
    const database = await openDatabase(path, false)
    try {
      const log = new KeyValueLog(database, path, await new LogOpening(path, expectedIdentity(this.#options)).read(database))
      await log.confirm()
      await nodeFileSystem.syncDirectory(path)
      await nodeFileSystem.syncDirectory(directory)
      return log
    } catch (error) {
      await database.close().catch(() => {})
      throw error
    }
  }

  /** Makes a database that gets its name when it is whole and durable: a crash leaves all of it or nothing. */
  async #format(openDatabase: OpenDatabase, path: string): Promise<void> {
    const { directory, memberId, group, base } = this.#options
    const clusterId = await clusterIdToFormatWith(this.#options)
    const unfinished = `${directory}/${unfinishedName(this.#kind.backend)}`
    await rm(unfinished, { recursive: true, force: true })
    await mkdir(unfinished)
    const database = await openDatabase(unfinished, true)
    const storeId = Buffer.from(this.#options.randomBytes(16)).toString('hex')
    const identity = encodeIdentity({
      identity: { clusterId, storeId, memberId, group },
      baseIndex: base.index,
      baseTerm: base.term,
    })
    const hardState = { currentTerm: base.term, votedFor: null }
    const key = stateKey(group)
    const state = encodeState(key, { sequence: 1, hardState, lastIndex: base.index, lastChecksum: checksumOf(identity) })
    try {
      await database.write({
        puts: [
          [identityKey, identity],
          [key, state],
        ],
        removes: [],
      })
    } finally {
      await database.close()
    }
    await nodeFileSystem.syncDirectory(unfinished)
    await rename(unfinished, path)
    await nodeFileSystem.syncDirectory(directory)
  }
}
