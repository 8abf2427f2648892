export {
  ForeignFilesError,
  IdentityMismatchError,
  LogDamagedError,
  MissingPackageError,
  OtherBackendError,
  StorageInUseError,
  UnsupportedFormatError,
} from './errors.js'
export { FileLogStorage } from './file-log-storage.js'
export type { FileSystem, StorageFile } from './file-system.js'
export type { Identity } from './identity.js'
export { nodeFileSystem } from './node-file-system.js'
export type { FileLogStorageOptions } from './options.js'
export type { TornWrite } from './recovery.js'
