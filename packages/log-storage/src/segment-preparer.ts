import { writeZeros } from './file-io.js'
import type { FileSystem, StorageFile } from './file-system.js'
import { PREPARING_NAME, segmentName } from './segment-format.js'

/**
 * Makes the next segment beside the one in use: zeros of its full size, durable, and only then its name. A write into a file
 * that does not grow is faster, and the end of the log is where the zeros begin.
 */
export class SegmentPreparer {
  readonly #fileSystem: FileSystem
  readonly #directory: string
  readonly #bytes: number
  #number = 0
  #stopped = false
  /** The log's own names are as they were: what failed may be tried again. */
  #unnamed = false
  #next: Promise<StorageFile | null> = Promise.resolve(null)

  constructor(fileSystem: FileSystem, directory: string, bytes: number) {
    this.#fileSystem = fileSystem
    this.#directory = directory
    this.#bytes = bytes
  }

  start(number: number): void {
    this.#number = number
    this.#next = this.#prepare()
    // A failure is told to whoever takes the segment; until one is needed it harms nobody.
    this.#next.catch(() => {})
  }

  /**
   * The segment that was begun last. Rejects with the error that prevented it; but a disk that was full when the file was
   * filled, and may have room by now, is asked once more.
   */
  async take(): Promise<StorageFile> {
    const file = await this.#next.catch((error: unknown) => {
      if (!this.#unnamed) throw error
      this.#next = this.#prepare()
      return this.#next
    })
    if (file === null) throw new Error('no segment was prepared: the storage is closing')
    this.#next = Promise.resolve(null)
    return file
  }

  async stop(): Promise<void> {
    this.#stopped = true
    const file = await this.#next.catch(() => null)
    await file?.close()
  }

  async #prepare(): Promise<StorageFile | null> {
    const path = `${this.#directory}/${PREPARING_NAME}`
    this.#unnamed = true
    const file = await this.#fileSystem.create(path)
    try {
      await writeZeros(file, 0, this.#bytes, () => !this.#stopped)
      if (!this.#stopped) {
        this.#unnamed = false
        await this.#fileSystem.rename(path, `${this.#directory}/${segmentName(this.#number)}`)
        await this.#fileSystem.syncDirectory(this.#directory)
        return file
      }
    } catch (error) {
      await file.close().catch(() => {})
      // On a full disk, what room it takes is better left to others.
      if (this.#unnamed) await this.#fileSystem.remove(path).catch(() => {})
      throw error
    }
    await file.close()
    return null
  }
}
