import { readAllAsync } from './file-io.js'
import type { StorageFile } from './file-system.js'

/** Read with one call, unless more is wanted at once. */
const PART_BYTES = 1024 * 1024

/**
 * The part of a file that is in memory, while files are read from their beginning to their end: the same memory again and
 * again, which the processor has in its cache.
 */
export class FileWindow {
  #memory = new Uint8Array(PART_BYTES)
  #file: StorageFile | null = null
  #size = 0
  #from = 0
  #to = 0

  /** From now on it is a window on this file. */
  async open(file: StorageFile): Promise<void> {
    this.#file = file
    this.#size = await file.size()
    this.#from = 0
    this.#to = 0
  }

  /** Bytes that the file holds. */
  get size(): number {
    return this.#size
  }

  /** Where in the file the window begins. */
  get from(): number {
    return this.#from
  }

  /** Where in the file it ends. */
  get to(): number {
    return this.#to
  }

  /** What is in the window, until something else is loaded. */
  get bytes(): Uint8Array {
    return this.#memory.subarray(0, this.#to - this.#from)
  }

  /** Whether the bytes up to `end`, or up to the end of the file, are in the window. */
  has(end: number): boolean {
    return this.#to >= Math.min(end, this.#size)
  }

  /** Has the window hold the bytes from `from`, which it holds or ends with, up to `end`, as far as the file goes; those before are gone. */
  async load(from: number, end: number): Promise<void> {
    const to = Math.min(Math.max(end, from + PART_BYTES), this.#size)
    const kept = this.#memory.subarray(from - this.#from, this.#to - this.#from)
    if (to - from > this.#memory.length) this.#memory = new Uint8Array(to - from)
    this.#memory.set(kept)
    const file = this.#file as StorageFile
    const count = await readAllAsync(file, this.#memory.subarray(kept.length, to - from), this.#to)
    this.#from = from
    this.#to += count
    // It was cut short since its size was asked for.
    if (this.#to < to) this.#size = this.#to
  }
}
