import type { EntryBatch, LogWrite, StoredLog } from '@raft/core'
import { refuseOtherBackends } from './backends.js'
import { PatientFileSystem } from './descriptors.js'
import { ExclusiveLogStorage, type OpenLog } from './exclusive-log-storage.js'
import { formatDirectory } from './format-directory.js'
import type { Identity } from './identity.js'
import { LogReader } from './log-reader.js'
import { LogWriter } from './log-writer.js'
import { completeOptions, expectedIdentity, type FileLogStorageOptions } from './options.js'
import { type Recovered, Recovery, type TornWrite } from './recovery.js'
import { FORMATTING_NAME, PREPARING_NAME, segmentName, segmentNumber } from './segment-format.js'
import { SegmentPreparer } from './segment-preparer.js'
import { SegmentReader } from './segment-reader.js'

/**
 * The log of one member in the files of a directory: segments of chained, checksummed writes, each made durable by one
 * synchronous write. See README.md for its guarantees and docs/formats.md for its bytes.
 */
export class FileLogStorage extends ExclusiveLogStorage<FileLog> {
  readonly #options: Required<FileLogStorageOptions>

  /** @throws ConfigurationError for an option that cannot work. */
  constructor(options: FileLogStorageOptions) {
    const complete = completeOptions(options)
    super(complete.directory, complete.fileSystem)
    this.#options = complete
  }

  /**
   * The write that opening has erased, for it was cut short by a crash; null where there was none. Whether it was cut by a
   * crash, or was whole once and damaged later, no log can tell. @throws StorageError before `open` has finished.
   */
  get tornWrite(): TornWrite | null {
    return this.afterOpening('torn write').torn
  }

  protected override async openLog(): Promise<FileLog> {
    const { directory, fileSystem, segmentBytes } = this.#options
    const recovered = await this.#recover()
    const file = await fileSystem.open(`${directory}/${segmentName(recovered.segment)}`)
    const patient = new PatientFileSystem(fileSystem, this.#options)
    patient.begin()
    const preparer = new SegmentPreparer(patient, directory, segmentBytes)
    preparer.start(recovered.segment + 1)
    const writer = new LogWriter(recovered, fileSystem, file, preparer, segmentBytes)
    const reader = new LogReader(new SegmentReader(patient, directory, recovered.contents.places), recovered.contents.places)
    return new FileLog(recovered, patient, preparer, writer, reader)
  }

  async #recover(): Promise<Recovered> {
    const { directory, fileSystem } = this.#options
    let names = await fileSystem.list(directory)
    refuseOtherBackends(directory, names, 'file')
    if (!names.some((name) => segmentNumber(name) !== null)) {
      await formatDirectory(this.#options, names)
      names = await fileSystem.list(directory)
    }
    for (const name of names) if (name === FORMATTING_NAME || name === PREPARING_NAME) await fileSystem.remove(`${directory}/${name}`)
    const numbers = names.map(segmentNumber).filter((number) => number !== null)
    numbers.sort((a, b) => a - b)
    return new Recovery(fileSystem, directory, expectedIdentity(this.#options), numbers).run()
  }
}

class FileLog implements OpenLog {
  readonly identity: Identity
  readonly stored: StoredLog
  readonly torn: TornWrite | null
  readonly #fileSystem: PatientFileSystem
  readonly #preparer: SegmentPreparer
  readonly #writer: LogWriter
  readonly #reader: LogReader

  constructor(
    { identity, contents, torn }: Recovered,
    fileSystem: PatientFileSystem,
    preparer: SegmentPreparer,
    writer: LogWriter,
    reader: LogReader,
  ) {
    const { hardState, baseIndex, baseTerm, lastIndex, runs } = contents
    this.identity = identity
    this.stored = { hardState, baseIndex, baseTerm, lastIndex, runs }
    this.torn = torn
    this.#fileSystem = fileSystem
    this.#preparer = preparer
    this.#writer = writer
    this.#reader = reader
  }

  get firstIndex(): number {
    return this.#writer.firstIndex
  }

  get lastIndex(): number {
    return this.#writer.lastIndex
  }

  write(write: LogWrite, done: (error: Error | null) => void): void {
    this.#writer.write(write, done)
  }

  read(from: number, to: number, maxBytes: number, done: (error: Error | null, entries: EntryBatch | null) => void): void {
    this.#reader.read(from, to, maxBytes, done)
  }

  closing(): void {
    this.#fileSystem.giveUp()
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#preparer.stop(), this.#reader.close(), this.#writer.closeFile()])
  }
}
