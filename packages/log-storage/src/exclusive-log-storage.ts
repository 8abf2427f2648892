import { type EntryBatch, type LogStorage, type LogWrite, StorageError, type StoredLog } from '@raft/core'
import { queueMicrotask } from '@raft/system'
import { isForWantOfDescriptor } from './descriptors.js'
import { StorageInUseError } from './errors.js'
import type { FileSystem } from './file-system.js'
import type { Identity } from './identity.js'
import { LOCK_NAME } from './segment-format.js'

/** A log that is open, in whatever form. It is called by its rules: one write in flight, ranges that are there, none after an error. */
export interface OpenLog {
  readonly identity: Identity
  readonly stored: StoredLog
  /** Index of the first entry that can be there: one behind the base. */
  readonly firstIndex: number
  readonly lastIndex: number
  /** Calls `done` when the write is durable, or cannot be, and never before it has returned. */
  write(write: LogWrite, done: (error: Error | null) => void): void
  /** As `LogStorage.read`. */
  read(from: number, to: number, maxBytes: number, done: (error: Error | null, entries: EntryBatch | null) => void): void
  /** `close` comes soon: what waits for something of the system gives up. */
  closing?(): void
  /** Waits for the reads that run, and lets go of everything. No write is in flight. */
  close(): Promise<void>
}

/**
 * What all storages in a directory have in common: the directory is locked before anything in it is touched, one write is in
 * flight, an error of a write is final, and closing waits for what is under way.
 */
export abstract class ExclusiveLogStorage<Log extends OpenLog> implements LogStorage {
  readonly #directory: string
  readonly #fileSystem: FileSystem
  #unlock: (() => Promise<void>) | null = null
  #log: Log | null = null
  #opening: Promise<StoredLog> | null = null
  #failure: StorageError | null = null
  #writing = false
  #written: (() => void) | null = null
  #closing: Promise<void> | null = null

  protected constructor(directory: string, fileSystem: FileSystem) {
    this.#directory = directory
    this.#fileSystem = fileSystem
  }

  /** Opens what the directory holds; the directory is there, and locked. */
  protected abstract openLog(): Promise<Log>

  /** Whose log this is. @throws StorageError before `open` has finished. */
  get identity(): Identity {
    return this.afterOpening('identity').identity
  }

  /**
   * @throws StorageInUseError, IdentityMismatchError, LogDamagedError, UnsupportedFormatError, ForeignFilesError,
   * OtherBackendError; other StorageErrors carry the system's error as their cause.
   */
  open(): Promise<StoredLog> {
    if (this.#opening !== null || this.#closing !== null)
      return Promise.reject(new StorageError('the storage was opened or closed before: make a new one'))
    const opening = this.#openOrRelease()
    this.#opening = opening
    return opening
  }

  write(write: LogWrite, done: (error: Error | null) => void): void {
    const refusal = this.#refusal()
    const log = this.#log
    if (refusal !== null || log === null) {
      queueMicrotask(() => done(refusal))
      return
    }
    this.#writing = true
    log.write(write, (error) => {
      this.#writing = false
      // The page may be gone (fsync is not retried), and the disk may hold the write or not: nothing can follow it.
      if (error !== null) this.#failure = asStorageError(`a write to ${this.#directory} failed; restart when the cause is gone`, error)
      this.#written?.()
      done(this.#failure)
    })
  }

  read(from: number, to: number, maxBytes: number, done: (error: Error | null, entries: EntryBatch | null) => void): void {
    const log = this.#log
    if (log === null || this.#closing !== null) {
      queueMicrotask(() => done(new StorageError('the storage is not open'), null))
      return
    }
    const { firstIndex, lastIndex } = log
    if (!(from >= firstIndex && from <= to && to <= lastIndex)) {
      const error = new StorageError(`entries ${from} to ${to} of a log that holds ${firstIndex} to ${lastIndex}`)
      queueMicrotask(() => done(error, null))
      return
    }
    log.read(from, to, maxBytes, (error, entries) => {
      done(error === null ? null : asStorageError(`cannot read entries ${from} to ${to} of ${this.#directory}`, error), entries)
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  protected afterOpening(what: string): Log {
    if (this.#log === null) throw new StorageError(`the storage is not open: its ${what} is known after open()`)
    return this.#log
  }

  async #openOrRelease(): Promise<StoredLog> {
    try {
      await this.#fileSystem.createDirectory(this.#directory)
      this.#unlock = await this.#fileSystem.lock(`${this.#directory}/${LOCK_NAME}`)
      if (this.#unlock === null) throw new StorageInUseError(this.#directory)
      this.#log = await this.openLog()
      return this.#log.stored
    } catch (error) {
      await this.#release()
      throw asStorageError(`cannot open ${this.#directory}`, error)
    }
  }

  #refusal(): StorageError | null {
    if (this.#failure !== null) return this.#failure
    if (this.#log === null || this.#closing !== null) return new StorageError('the storage is not open')
    if (this.#writing) return new StorageError('a write is in flight: wait for it before the next')
    return null
  }

  async #close(): Promise<void> {
    await this.#opening?.catch(() => {})
    this.#log?.closing?.()
    if (this.#writing) await new Promise<void>((resolve) => (this.#written = resolve))
    const log = this.#log
    this.#log = null
    try {
      // Everything is durable, so that an error of closing says nothing; what comes behind it is let go of all the same.
      await log?.close().catch(() => {})
    } finally {
      await this.#release()
    }
  }

  async #release(): Promise<void> {
    const unlock = this.#unlock
    this.#unlock = null
    await unlock?.()
  }
}

function asStorageError(what: string, error: unknown): StorageError {
  if (error instanceof StorageError) return error
  const advice = isForWantOfDescriptor(error) ? '. The process has as many files open as it may have: raise that limit (ulimit -n)' : ''
  return new StorageError(`${what}: ${error instanceof Error ? error.message : String(error)}${advice}`, { cause: error })
}
