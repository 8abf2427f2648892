export { LmdbLogStorage, type LmdbLogStorageOptions } from './lmdb-log-storage.js'
