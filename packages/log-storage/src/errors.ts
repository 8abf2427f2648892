import { type MemberId, StorageError } from '@raft/core'
import type { Backend } from './backends.js'
import type { ExpectedIdentity, Identity } from './identity.js'
import type { DirectoryRefusal } from './member-record.js'

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
      `${file} is damaged${offset === null ? '' : ` at byte ${offset}`}: ${what}. This member may have forgotten what it promised, so it does not start. ` +
        'If these very bytes were kept elsewhere, put them back; an older copy of the directory, or an empty one, would be refused by the ' +
        'other members. Members cannot be replaced yet: as long as a majority of the members runs, the cluster serves without this one',
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

  constructor(directory: string, found: Identity, expected: ExpectedIdentity) {
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
      `${directory} holds a log of the storage "${found}", not of "${own}": open it with "${found}". ` +
        'A member that has taken part in its cluster cannot change its storage yet: the others would refuse it without its directory',
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
    super(
      `${directory} holds no log, but the file ${name}, which no directory has to which a log was not written: ` +
        'choose an empty directory, or bring the lost files back',
    )
  }
}

/** The members that were given are not those that the directory's log belongs to. */
export class VotersMismatchError extends StorageError {
  override readonly code: string = 'RAFT_VOTERS_MISMATCH'
  /** Members of the directory that were not given. */
  readonly missing: readonly MemberId[]
  /** Members that were given and that the directory does not know. */
  readonly extra: readonly MemberId[]

  constructor(directory: string, missing: readonly MemberId[], extra: readonly MemberId[]) {
    const differences = [
      ...(missing.length > 0 ? [`${missing.join(', ')} missing`] : []),
      ...(extra.length > 0 ? [`${extra.join(', ')} too many`] : []),
    ]
    super(
      `${directory} belongs to a cluster of other members than those that are given (${differences.join('; ')}): give the same members as ` +
        'before. The members of a cluster are fixed for now; their addresses may change',
    )
    this.missing = missing
    this.extra = extra
  }
}

/** Another member remembers something else of this member than what the directory holds. That is so for good. */
export class DirectoryRefusedError extends StorageError {
  override readonly code: string
  readonly refusal: DirectoryRefusal

  constructor(directory: string, refusal: DirectoryRefusal) {
    const { code, message } = REFUSAL_MESSAGES[refusal.reason]
    super(`${message(directory, refusal)}. ${ADVICE}`)
    this.code = code
    this.refusal = refusal
  }
}

const ADVICE =
  'So this member takes no part any more, or the cluster could forget what it has acknowledged. Start the member on its newest directory, ' +
  'where that is left, and on no other. Members cannot be replaced yet: as long as a majority of the members runs, the cluster serves ' +
  'without this one'

const REFUSAL_MESSAGES: Readonly<
  Record<DirectoryRefusal['reason'], { readonly code: string; message(directory: string, refusal: DirectoryRefusal): string }>
> = {
  otherStore: {
    code: 'RAFT_DISK_LOST',
    message: (directory, { by, remembered }) =>
      `this member's disk was lost: ${by} knows it by the store ${remembered.storeId}, and ${directory} holds another, which knows nothing of ` +
      'the votes and entries that were promised with the one before',
  },
  olderCopy: {
    code: 'RAFT_DIRECTORY_ROLLED_BACK',
    message: (directory, { by, remembered }) =>
      `${directory} is an older copy of this member's directory: ${by} knows of start number ${remembered.starts}, of which this directory ` +
      'knows nothing. Votes and entries that were promised since the copy was made are missing in it',
  },
  runsTwice: {
    code: 'RAFT_MEMBER_RUNS_TWICE',
    message: (directory, { by, remembered }) =>
      `${by} knows of start number ${remembered.starts} of this member, which was not made on ${directory}: either another process runs as ` +
      `this member, on a copy of its directory, or ${directory} is an older copy of it, by one start. Stop the other process, where there ` +
      'is one, and find out who has copied the directory',
  },
}

function describe(identity: ExpectedIdentity): string {
  const cluster = identity.clusterId === null ? 'any cluster' : `cluster ${identity.clusterId}`
  return `member ${identity.memberId} of ${cluster}, group ${identity.group}`
}
