import { crc32 } from 'node:zlib'
import { EntryBatch, Reader } from '@raft/core'
import { LogDamagedError } from './errors.js'
import { readAllAsync } from './file-io.js'
import type { FileSystem, StorageFile } from './file-system.js'
import type { Place, PlaceIndex } from './place-index.js'
import { segmentName } from './segment-format.js'

type Done = (error: Error | null, entries: EntryBatch | null) => void

const MAX_OPEN_FILES = 8

interface OpenFile {
  readonly opening: Promise<StorageFile>
  /** Reads that use it now. */
  users: number
}

/** Reads entries back from their segments. What a write replaces meanwhile stays in the files, and is read as it was. */
export class LogReader {
  readonly #fileSystem: FileSystem
  readonly #directory: string
  readonly #places: PlaceIndex
  /** Of the segments read last, the latest at the end. */
  readonly #files = new Map<number, OpenFile>()
  #reading = 0
  #idle: (() => void) | null = null

  constructor(fileSystem: FileSystem, directory: string, places: PlaceIndex) {
    this.#fileSystem = fileSystem
    this.#directory = directory
    this.#places = places
  }

  /** The range must be in the log. */
  read(from: number, to: number, maxBytes: number, done: Done): void {
    this.#reading += 1
    this.#readPieces(from, to, maxBytes).then(
      (entries) => this.#finish(() => done(null, entries)),
      (error: unknown) => this.#finish(() => done(error instanceof Error ? error : new Error(String(error)), null)),
    )
  }

  /** Waits for the reads that run. */
  async close(): Promise<void> {
    if (this.#reading > 0) await new Promise<void>((resolve) => (this.#idle = resolve))
    for (const { opening } of this.#files.values()) await opening.then((file) => file.close()).catch(() => {})
    this.#files.clear()
  }

  async #readPieces(from: number, to: number, maxBytes: number): Promise<EntryBatch> {
    const truncations = this.#places.truncations
    const parts: EntryBatch[] = []
    let bytes = 0
    // What a write has replaced meanwhile is not put together with what it was replaced by: then what was read has to do.
    for (let at = this.#places.find(from); at < this.#places.count && this.#places.truncations === truncations; at++) {
      const place = this.#places.at(at)
      if (place.firstIndex > to) break
      const last = Math.min(to, this.#places.endOf(at) - 1)
      const batch = await this.#readPiece(place)
      const part = batch.slice(Math.max(from, batch.firstIndex), Math.min(last, batch.lastIndex))
      const fitting = part.slice(part.firstIndex, part.lastWithin(part.firstIndex, maxBytes - bytes))
      bytes += fitting.byteLength
      // The first entry is given whatever its size, a later one only where there is room.
      if (parts.length > 0 && bytes > maxBytes) break
      parts.push(fitting)
      if (fitting.count < part.count || bytes >= maxBytes) break
    }
    return EntryBatch.concat(parts)
  }

  async #readPiece(place: Place): Promise<EntryBatch> {
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

  #finish(tell: () => void): void {
    this.#reading -= 1
    tell()
    if (this.#reading === 0) this.#idle?.()
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
