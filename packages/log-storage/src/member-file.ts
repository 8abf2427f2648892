import { randomBytes as systemRandomBytes } from 'node:crypto'
import { FormatError, type MemberId, StorageError } from '@raft/core'
import { nodeClock } from '@raft/system'
import { type DescriptorOptions, PatientFileSystem } from './descriptors.js'
import { DirectoryRefusedError, LogDamagedError, UnsupportedFormatError, VotersMismatchError } from './errors.js'
import { readAllAsync, writeAllAsync } from './file-io.js'
import type { FileSystem } from './file-system.js'
import {
  BOOT_BYTES,
  type DirectoryRefusal,
  decodeMemberRecord,
  encodeMemberRecord,
  MEMBER_RECORD_VERSION,
  type MemberRecord,
  type MemberStart,
  nextStart,
} from './member-record.js'
import { nodeFileSystem } from './node-file-system.js'

const MEMBER_NAME = 'member'
const UNFINISHED_NAME = 'member.tmp'
/** More than 65,535 voters and as many other members never come to. */
const MAX_BYTES = 64 * 1024 * 1024

export interface MemberFileOptions extends DescriptorOptions {
  /** The one that holds the log, which a storage has opened and holds the lock of. */
  readonly directory: string
  /** The log's, as the storage's `identity` tells it. */
  readonly storeId: string
  /** The members that vote. A directory is asked for the same ones at every start. */
  readonly voters: readonly MemberId[]
  /** Default: the files of this machine. */
  readonly fileSystem?: FileSystem
  /** Where the mark of this start comes from. Default: the system's secure random numbers. */
  readonly randomBytes?: (count: number) => Uint8Array
}

type Done = (error: Error | null) => void

/**
 * What a member's directory knows beside its log: who votes, how often it was started, and the newest start of each other
 * member. It lies in one small file, whichever storage keeps the log, and is replaced as a whole.
 */
export class MemberFile {
  readonly #directory: string
  readonly #fileSystem: PatientFileSystem
  #record: MemberRecord
  #isWriting = false
  #writing: Promise<void> = Promise.resolve()
  #isClosed = false
  #waiting: Done[] = []
  #failure: Error | null = null

  /** What this start has drawn: 16 bytes that no other start has. */
  readonly boot: Uint8Array

  private constructor(directory: string, fileSystem: PatientFileSystem, record: MemberRecord, boot: Uint8Array) {
    this.boot = boot
    this.#directory = directory
    this.#fileSystem = fileSystem
    this.#record = record
  }

  /**
   * Begins another start: it is counted durably when this is fulfilled. A directory without such a file, which a version before
   * this one has made, takes the voters that are given.
   *
   * @throws VotersMismatchError where the directory has other voters; DirectoryRefusedError where other members have refused it;
   * LogDamagedError, UnsupportedFormatError; other StorageErrors carry the system's error as their cause
   */
  static async open({
    directory,
    storeId,
    voters,
    fileSystem = nodeFileSystem,
    randomBytes = systemRandomBytes,
    clock = nodeClock,
    onNoDescriptor = () => {},
  }: MemberFileOptions): Promise<MemberFile> {
    const path = `${directory}/${MEMBER_NAME}`
    try {
      const found = await read(fileSystem, directory, path)
      if (found !== null) check(found, directory, storeId, voters)
      const boot = Uint8Array.from(randomBytes(BOOT_BYTES))
      const record = found ?? { storeId, starts: 0, history: [], voters: [...voters].sort(), known: new Map(), refusal: null }
      const patient = new PatientFileSystem(fileSystem, { clock, onNoDescriptor })
      const file = new MemberFile(directory, patient, nextStart(record, boot), boot)
      await file.#stored()
      patient.begin()
      return file
    } catch (error) {
      if (error instanceof StorageError) throw error
      throw new StorageError(`cannot open ${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  }

  get storeId(): string {
    return this.#record.storeId
  }

  /** How often a member was started on this directory, this start included. */
  get starts(): number {
    return this.#record.starts
  }

  /** How the boots of the starts before this one began, the newest first: 4 bytes each, of up to 63 starts. */
  get history(): readonly Uint8Array[] {
    return this.#record.history.slice(1)
  }

  /** Sorted. */
  get voters(): readonly MemberId[] {
    return this.#record.voters
  }

  /** The newest start of another member that was remembered; null where there is none. */
  known(id: MemberId): MemberStart | null {
    return this.#record.known.get(id) ?? null
  }

  /** Remembers a start. Calls `done` when that is durable, or cannot be, and never before it has returned. An error is final. Does nothing after `close`. */
  remember(id: MemberId, start: MemberStart, done: Done): void {
    this.#record = { ...this.#record, known: new Map(this.#record.known).set(id, start) }
    this.#store(done)
  }

  /** Remembers that this directory was refused: `open` gives the same error from now on. */
  refused(refusal: DirectoryRefusal, done: Done): void {
    this.#record = { ...this.#record, refusal }
    this.#store(done)
  }

  /**
   * Is fulfilled when what was to be remembered is written, or cannot be. What comes later is not written, and its `done` is not called.
   * To be called before the lock of the directory is released: a late write would undo what the next start has counted.
   */
  close(): Promise<void> {
    this.#isClosed = true
    this.#fileSystem.giveUp()
    return this.#writing
  }

  #stored(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#store((error) => (error === null ? resolve() : reject(error)))
    })
  }

  /** What comes while a write is in flight is written together, by the next one. */
  #store(done: Done): void {
    if (this.#isClosed) return
    this.#waiting.push(done)
    if (!this.#isWriting) this.#writing = this.#write()
  }

  async #write(): Promise<void> {
    this.#isWriting = true
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting
      this.#waiting = []
      try {
        if (this.#failure === null) await this.#replace(encodeMemberRecord(this.#record))
        else await Promise.resolve()
      } catch (error) {
        const what = error instanceof Error ? error.message : String(error)
        this.#failure = new StorageError(`cannot write ${this.#directory}/${MEMBER_NAME}: ${what}`, { cause: error })
      }
      for (const done of waiting) done(this.#failure)
    }
    this.#isWriting = false
  }

  /** Written aside, durably, and then given its name: a crash leaves the old record or the new one. */
  async #replace(bytes: Uint8Array): Promise<void> {
    const aside = `${this.#directory}/${UNFINISHED_NAME}`
    const file = await this.#fileSystem.create(aside)
    try {
      await writeAllAsync(file, bytes, bytes.length, 0)
    } finally {
      await file.close()
    }
    await this.#fileSystem.rename(aside, `${this.#directory}/${MEMBER_NAME}`)
    await this.#fileSystem.syncDirectory(this.#directory)
  }
}

async function read(fileSystem: FileSystem, directory: string, path: string): Promise<MemberRecord | null> {
  if (!(await fileSystem.list(directory)).includes(MEMBER_NAME)) return null
  const file = await fileSystem.open(path)
  try {
    const size = await file.size()
    if (size > MAX_BYTES) throw damaged(path, `it has ${size} bytes`)
    const bytes = new Uint8Array(size)
    const record = decodeMemberRecord(bytes.subarray(0, await readAllAsync(file, bytes, 0)))
    if ('unknownVersion' in record) throw new UnsupportedFormatError(path, record.unknownVersion, MEMBER_RECORD_VERSION)
    return record
  } catch (error) {
    if (error instanceof FormatError || error instanceof TypeError) throw damaged(path, error.message)
    throw error
  } finally {
    await file.close()
  }
}

function check(record: MemberRecord, directory: string, storeId: string, voters: readonly MemberId[]): void {
  if (record.storeId !== storeId)
    throw new LogDamagedError(
      `${directory}/${MEMBER_NAME}`,
      null,
      `it belongs to the store ${record.storeId}, and the log beside it to ${storeId}`,
    )
  if (record.refusal !== null) throw new DirectoryRefusedError(directory, record.refusal)
  const missing = record.voters.filter((id) => !voters.includes(id))
  const extra = voters.filter((id) => !record.voters.includes(id))
  if (missing.length > 0 || extra.length > 0) throw new VotersMismatchError(directory, missing, extra)
}

function damaged(path: string, what: string): LogDamagedError {
  return new LogDamagedError(path, null, what)
}
