import { KeyValueLogStorage } from '../key-value/key-value-log-storage.js'
import type { LogStorageOptions } from '../options.js'
import { lmdbKind } from './lmdb-database.js'

export type LmdbLogStorageOptions = LogStorageOptions

/** The log of one member in an LMDB database. Needs the package `lmdb`, which `open` loads. */
export class LmdbLogStorage extends KeyValueLogStorage {
  /** @throws ConfigurationError for an option that cannot work. */
  constructor(options: LmdbLogStorageOptions) {
    super(lmdbKind, options)
  }
}
