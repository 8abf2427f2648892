import { type EntryBatch, type LogStorage, type LogWrite, StorageError, type StoredLog } from '@raft/core'
import { StorageInUseError } from './errors.js'
import { formatDirectory } from './format-directory.js'
import type { Identity } from './identity.js'
import { LogReader } from './log-reader.js'
import { LogWriter } from './log-writer.js'
import { completeOptions, type FileLogStorageOptions } from './options.js'
import { type Recovered, Recovery, type TornWrite } from './recovery.js'
import { FORMATTING_NAME, LOCK_NAME, PREPARING_NAME, segmentName, segmentNumber } from './segment-format.js'
import { SegmentPreparer } from './segment-preparer.js'

interface Opened {
  readonly identity: Identity
  readonly torn: TornWrite | null
  readonly writer: LogWriter
  readonly reader: LogReader
  readonly preparer: SegmentPreparer
}

/**
 * The log of one member in the files of a directory: segments of chained, checksummed writes, each made durable by one
 * synchronous write. See README.md for its guarantees and docs/formats.md for its bytes.
 */
export class FileLogStorage implements LogStorage {
  readonly #options: Required<FileLogStorageOptions>
  #unlock: (() => Promise<void>) | null = null
  #opened: Opened | null = null
  #opening: Promise<StoredLog> | null = null
  #failure: StorageError | null = null
  #writing = false
  #written: (() => void) | null = null
  #closing: Promise<void> | null = null

  /** @throws ConfigurationError for an option that cannot work. */
  constructor(options: FileLogStorageOptions) {
    this.#options = completeOptions(options)
  }

  /** Whose log this is. @throws StorageError before `open` has finished. */
  get identity(): Identity {
    return this.#afterOpening('identity').identity
  }

  /**
   * The write that opening has erased, for it was cut short by a crash; null where there was none. Whether it was cut by a
   * crash, or was whole once and damaged later, no log can tell. @throws StorageError before `open` has finished.
   */
  get tornWrite(): TornWrite | null {
    return this.#afterOpening('torn write').torn
  }

  /**
   * @throws StorageInUseError, IdentityMismatchError, LogDamagedError, UnsupportedFormatError, ForeignFilesError; other
   * StorageErrors carry the system's error as their cause.
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
    const writer = this.#opened?.writer
    if (refusal !== null || writer === undefined) {
      queueMicrotask(() => done(refusal))
      return
    }
    this.#writing = true
    writer.write(write, (error) => {
      this.#writing = false
      // The page may be gone (fsync is not retried), and the file may hold the write or not: nothing can follow it.
      if (error !== null)
        this.#failure = asStorageError(`a write to ${this.#options.directory} failed; restart when the cause is gone`, error)
      this.#written?.()
      done(this.#failure)
    })
  }

  read(from: number, to: number, maxBytes: number, done: (error: Error | null, entries: EntryBatch | null) => void): void {
    const opened = this.#opened
    if (opened === null || this.#closing !== null) {
      queueMicrotask(() => done(new StorageError('the storage is not open'), null))
      return
    }
    const { firstIndex, lastIndex } = opened.writer
    if (!(from >= firstIndex && from <= to && to <= lastIndex)) {
      const error = new StorageError(`entries ${from} to ${to} of a log that holds ${firstIndex} to ${lastIndex}`)
      queueMicrotask(() => done(error, null))
      return
    }
    opened.reader.read(from, to, maxBytes, (error, entries) => {
      done(error === null ? null : asStorageError(`cannot read entries ${from} to ${to} of ${this.#options.directory}`, error), entries)
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  #afterOpening(what: string): Opened {
    if (this.#opened === null) throw new StorageError(`the storage is not open: its ${what} is known after open()`)
    return this.#opened
  }

  async #openOrRelease(): Promise<StoredLog> {
    try {
      return await this.#open()
    } catch (error) {
      await this.#release()
      throw asStorageError(`cannot open ${this.#options.directory}`, error)
    }
  }

  async #open(): Promise<StoredLog> {
    const { directory, fileSystem, segmentBytes } = this.#options
    await fileSystem.createDirectory(directory)
    this.#unlock = await fileSystem.lock(`${directory}/${LOCK_NAME}`)
    if (this.#unlock === null) throw new StorageInUseError(directory)
    const recovered = await this.#recover()
    const { contents, identity, torn } = recovered
    const file = await fileSystem.open(`${directory}/${segmentName(recovered.segment)}`)
    const preparer = new SegmentPreparer(fileSystem, directory, segmentBytes)
    preparer.start(recovered.segment + 1)
    this.#opened = {
      identity,
      torn,
      preparer,
      writer: new LogWriter(recovered, file, preparer, segmentBytes),
      reader: new LogReader(fileSystem, directory, contents.places),
    }
    const { hardState, baseIndex, baseTerm, lastIndex, runs } = contents
    return { hardState, baseIndex, baseTerm, lastIndex, runs }
  }

  async #recover(): Promise<Recovered> {
    const { directory, fileSystem, clusterId, memberId, group } = this.#options
    let names = await fileSystem.list(directory)
    if (!names.some((name) => segmentNumber(name) !== null)) {
      await formatDirectory(this.#options, names)
      names = await fileSystem.list(directory)
    }
    for (const name of names) if (name === FORMATTING_NAME || name === PREPARING_NAME) await fileSystem.remove(`${directory}/${name}`)
    const numbers = names.map(segmentNumber).filter((number) => number !== null)
    numbers.sort((a, b) => a - b)
    return new Recovery(fileSystem, directory, { clusterId, memberId, group }, numbers).run()
  }

  #refusal(): StorageError | null {
    if (this.#failure !== null) return this.#failure
    if (this.#opened === null || this.#closing !== null) return new StorageError('the storage is not open')
    if (this.#writing) return new StorageError('a write is in flight: wait for it before the next')
    return null
  }

  async #close(): Promise<void> {
    await this.#opening?.catch(() => {})
    if (this.#writing) await new Promise<void>((resolve) => (this.#written = resolve))
    const opened = this.#opened
    this.#opened = null
    try {
      // Everything is durable, so that an error of closing says nothing; what comes behind it is let go of all the same.
      if (opened !== null) await Promise.allSettled([opened.preparer.stop(), opened.reader.close(), opened.writer.closeFile()])
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
  return new StorageError(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
}
