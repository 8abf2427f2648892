import { KeyValueLogStorage } from '../key-value/key-value-log-storage.js'
import type { LogStorageOptions } from '../options.js'
import { levelKind } from './level-database.js'

export type LevelLogStorageOptions = LogStorageOptions

/** The log of one member in a LevelDB database. Needs the package `classic-level`, which `open` loads. */
export class LevelLogStorage extends KeyValueLogStorage {
  /** @throws ConfigurationError for an option that cannot work. */
  constructor(options: LevelLogStorageOptions) {
    super(levelKind, options)
  }
}
