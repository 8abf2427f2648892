import { crc32 } from 'node:zlib'
import { EntryBatch, Reader } from '@raft/core'
import { LogDamagedError } from './errors.js'
import { readAllAsync } from './file-io.js'
import type { FileSystem, StorageFile } from './file-system.js'
import type { PieceSource, PieceView } from './log-reader.js'
import type { Place } from './place-index.js'
import { segmentName } from './segment-format.js'

const MAX_OPEN_FILES = 8

interface OpenFile {
  readonly opening: Promise<StorageFile>
  /** Reads that use it now. */
  users: number
}

/** Reads pieces from their segments. What a write replaces stays in the files, so that every view is the same. */
export class SegmentReader implements PieceSource {
  readonly #fileSystem: FileSystem
  readonly #directory: string
  /** Of the segments read last, the latest at the end. */
  readonly #files = new Map<number, OpenFile>()
  readonly #view: PieceView = { piece: (place) => this.#piece(place), release: () => {} }

  constructor(fileSystem: FileSystem, directory: string) {
    this.#fileSystem = fileSystem
    this.#directory = directory
  }

  view(): PieceView {
    return this.#view
  }

  async close(): Promise<void> {
    for (const { opening } of this.#files.values()) await opening.then((file) => file.close()).catch(() => {})
    this.#files.clear()
  }

  async #piece(place: Place): Promise<EntryBatch> {
    const bytes = new Uint8Array(place.length)
    const count = await this.#withFile(place.segment, (file) => readAllAsync(file, bytes, place.offset))
    if (count < place.length || crc32(bytes) !== place.checksum)
      throw new LogDamagedError(
        this.#path(place.segment),
        place.offset,
        `the entries from ${place.firstIndex} on are not as they were written`,
      )
    return EntryBatch.decode(new Reader(bytes))
  }

  async #withFile<T>(segment: number, use: (file: StorageFile) => Promise<T>): Promise<T> {
    const open = this.#files.get(segment) ?? { opening: this.#fileSystem.open(this.#path(segment)), users: 0 }
    this.#files.delete(segment)
    this.#files.set(segment, open)
    open.users += 1
    try {
      return await use(await open.opening)
    } finally {
      open.users -= 1
      this.#closeUnused()
    }
  }

  #closeUnused(): void {
    for (const [segment, { opening, users }] of this.#files) {
      if (this.#files.size <= MAX_OPEN_FILES) return
      if (users > 0) continue
      this.#files.delete(segment)
      opening.then((file) => file.close()).catch(() => {})
    }
  }

  #path(segment: number): string {
    return `${this.#directory}/${segmentName(segment)}`
  }
}
