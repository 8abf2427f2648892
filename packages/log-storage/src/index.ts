export {
  DirectoryRefusedError,
  ForeignFilesError,
  IdentityMismatchError,
  LogDamagedError,
  MissingPackageError,
  OtherBackendError,
  StorageInUseError,
  UnsupportedFormatError,
  VotersMismatchError,
} from './errors.js'
export { FileLogStorage } from './file-log-storage.js'
export type { FileSystem, StorageFile } from './file-system.js'
export type { Identity } from './identity.js'
export { MemberFile, type MemberFileOptions } from './member-file.js'
export type { DirectoryRefusal, MemberStart, RefusalReason } from './member-record.js'
export { nodeFileSystem } from './node-file-system.js'
export type { FileLogStorageOptions, LogStorageOptions } from './options.js'
export type { TornWrite } from './recovery.js'
