import { StorageError } from '@raft/core'
import type { Backend } from './backends.js'
import type { Identity } from './identity.js'

/**
 * A file holds what no crash can have left there: bytes were changed, cut off or deleted. Nothing was repaired. What was
 * promised with these bytes (a vote, an entry) may be forgotten, so the member must not go on with them.
 */
export class LogDamagedError extends StorageError {
  override readonly code: string = 'RAFT_LOG_DAMAGED'
  /** The file, or the directory of the database. */
  readonly file: string
  /** In bytes from the beginning of the file; null in a database, which does not say. */
  readonly offset: number | null

  constructor(file: string, offset: number | null, what: string) {
    super(
      `${file} is damaged${offset === null ? '' : ` at byte ${offset}`}: ${what}. This member may have forgotten what it promised: set the directory aside, ` +
        'remove the member from its cluster and let it join again with an empty directory, which gives it a new store id',
    )
    this.file = file
    this.offset = offset
  }
}

/** Another process, or another storage of this one, has the directory open. */
export class StorageInUseError extends StorageError {
  override readonly code: string = 'RAFT_STORAGE_IN_USE'

  constructor(directory: string) {
    super(`${directory} is in use: stop the process that has it open (it may run in another container), or choose another directory`)
  }
}

/** The directory belongs to another member, cluster or group. */
export class IdentityMismatchError extends StorageError {
  override readonly code: string = 'RAFT_IDENTITY_MISMATCH'

  constructor(directory: string, found: Identity, expected: Omit<Identity, 'storeId'>) {
    super(
      `${directory} belongs to ${describe(found)} (store ${found.storeId}), not to ${describe(expected)}: ` +
        'start that member on it, or give this one a directory of its own',
    )
  }
}

/** The directory holds a log, kept by another backend than the one that was to open it. */
export class OtherBackendError extends StorageError {
  override readonly code: string = 'RAFT_OTHER_BACKEND'
  /** What the directory's log is kept in. */
  readonly found: Backend

  constructor(directory: string, found: Backend, own: Backend) {
    super(
      `${directory} holds a log of the storage "${found}", not of "${own}": open it with "${found}", or choose an empty directory ` +
        '(a member with an empty one has to join its cluster again)',
    )
    this.found = found
  }
}

/** The package of an optional backend is not installed, or its native part does not load here. */
export class MissingPackageError extends StorageError {
  override readonly code: string = 'RAFT_MISSING_PACKAGE'
  /** Its name on npm. */
  readonly packageName: string

  constructor(packageName: string, backend: Backend, cause: unknown) {
    super(
      `the storage "${backend}" needs the package ${packageName}, which cannot be loaded: install it (npm install ${packageName}), ` +
        `or use the storage "file", which needs none (${cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause)})`,
      { cause },
    )
    this.packageName = packageName
  }
}

/** The files were written by a version that is not known here. */
export class UnsupportedFormatError extends StorageError {
  override readonly code: string = 'RAFT_UNSUPPORTED_FORMAT'

  constructor(file: string, found: number, known: number) {
    super(`${file} has format version ${found}, and this program knows version ${known}: use the program that wrote it, or a newer one`)
  }
}

/** The directory holds files but no log: a log made here might stand in for one that was lost. */
export class ForeignFilesError extends StorageError {
  override readonly code: string = 'RAFT_FOREIGN_FILES'

  constructor(directory: string, name: string) {
    super(`${directory} holds no log, but a file that is not ours (${name}): choose an empty directory, or bring the lost files back`)
  }
}

function describe(identity: Omit<Identity, 'storeId'>): string {
  return `member ${identity.memberId} of cluster ${identity.clusterId}, group ${identity.group}`
}
