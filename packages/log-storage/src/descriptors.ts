import type { Clock } from '@raft/core'
import type { FileSystem, StorageFile } from './file-system.js'

/** How long the system is left alone after it had no descriptor, in ms. */
const PAUSE = 100

export interface DescriptorOptions {
  /** Default: that of this process. */
  readonly clock?: Pick<Clock, 'now' | 'schedule'>
  /**
   * Called each time that a file or directory could not be opened for want of a descriptor (EMFILE, ENFILE). Nothing has failed
   * then: it is tried again every 100 ms. Default: nothing is told.
   */
  readonly onNoDescriptor?: (error: Error) => void
}

/** The process, or the whole system, has as many files open as it may have: a call that needed one more has changed nothing. */
export function isForWantOfDescriptor(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && (error.code === 'EMFILE' || error.code === 'ENFILE')
}

/**
 * A file system whose calls wait for a descriptor where there is none, once it has been told to. A call that lacked one is made
 * again as a whole. Errors of reading, writing and syncing are another matter: no descriptor is needed for these, and they are
 * passed on.
 */
export class PatientFileSystem implements FileSystem {
  readonly #fileSystem: FileSystem
  readonly #options: Required<DescriptorOptions>
  #isPatient = false
  readonly #waiting = new Set<() => void>()

  constructor(fileSystem: FileSystem, options: Required<DescriptorOptions>) {
    this.#fileSystem = fileSystem
    this.#options = options
  }

  /** From now on calls wait. A member that has not started yet rather says at once that it cannot. */
  begin(): void {
    this.#isPatient = true
  }

  /** Nothing waits any longer: what lacks a descriptor fails. */
  giveUp(): void {
    this.#isPatient = false
    for (const goOn of [...this.#waiting]) goOn()
  }

  createDirectory(path: string): Promise<void> {
    return this.#fileSystem.createDirectory(path)
  }

  list(directory: string): Promise<string[]> {
    return this.#fileSystem.list(directory)
  }

  create(path: string): Promise<StorageFile> {
    return this.#withPatience(() => this.#fileSystem.create(path))
  }

  open(path: string): Promise<StorageFile> {
    return this.#withPatience(() => this.#fileSystem.open(path))
  }

  rename(from: string, to: string): Promise<void> {
    return this.#fileSystem.rename(from, to)
  }

  remove(path: string): Promise<void> {
    return this.#fileSystem.remove(path)
  }

  syncDirectory(path: string): Promise<void> {
    return this.#withPatience(() => this.#fileSystem.syncDirectory(path))
  }

  lock(path: string): Promise<(() => Promise<void>) | null> {
    return this.#fileSystem.lock(path)
  }

  async #withPatience<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call()
      } catch (error) {
        if (!this.#isPatient || !isForWantOfDescriptor(error)) throw error
        this.#options.onNoDescriptor(error)
        await this.#pause()
      }
    }
  }

  #pause(): Promise<void> {
    const { clock } = this.#options
    return new Promise((resolve) => {
      const goOn = () => {
        cancel()
        this.#waiting.delete(goOn)
        resolve()
      }
      const cancel = clock.schedule(clock.now() + PAUSE, goOn)
      this.#waiting.add(goOn)
    })
  }
}
