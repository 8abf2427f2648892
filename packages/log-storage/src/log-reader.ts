import { crc32 } from 'node:zlib'
import { EntryBatch, Reader } from '@raft/core'
import { LogDamagedError } from './errors.js'
import { readAll } from './file-io.js'
import type { FileSystem, StorageFile } from './file-system.js'
import type { Place, PlaceIndex } from './place-index.js'
import { segmentName } from './segment-format.js'

type Done = (error: Error | null, entries: EntryBatch | null) => void

const MAX_OPEN_FILES = 8

/** Reads entries back from their segments. What a write replaces meanwhile stays in the files, and is read as it was. */
export class LogReader {
  readonly #fileSystem: FileSystem
  readonly #directory: string
  readonly #places: PlaceIndex
  /** Of the segments read last, the latest at the end. */
  readonly #files = new Map<number, Promise<StorageFile>>()
  #reading = 0
  #idle: (() => void) | null = null

  constructor(fileSystem: FileSystem, directory: string, places: PlaceIndex) {
    this.#fileSystem = fileSystem
    this.#directory = directory
    this.#places = places
  }

  /** The range must be in the log. */
  read(from: number, to: number, maxBytes: number, done: Done): void {
    // Taken down now: a write that ends meanwhile may change the index.
    const places: Place[] = []
    const ends: number[] = []
    let bytes = 0
    for (let at = this.#places.find(from); at < this.#places.count && bytes <= maxBytes; at++) {
      const place = this.#places.at(at)
      if (place.firstIndex > to) break
      // The first is there whatever its size, and only a part of it may be asked for.
      if (places.length > 0) bytes += place.length
      places.push(place)
      ends.push(this.#places.endOf(at) - 1)
    }
    this.#reading += 1
    this.#readAll(places, ends, from, to, maxBytes).then(
      (entries) => this.#finish(() => done(null, entries)),
      (error: unknown) => this.#finish(() => done(error instanceof Error ? error : new Error(String(error)), null)),
    )
  }

  /** Waits for the reads that run. */
  async close(): Promise<void> {
    if (this.#reading > 0) await new Promise<void>((resolve) => (this.#idle = resolve))
    for (const opening of this.#files.values()) await opening.then((file) => file.close()).catch(() => {})
    this.#files.clear()
  }

  async #readAll(places: readonly Place[], ends: readonly number[], from: number, to: number, maxBytes: number): Promise<EntryBatch> {
    const parts: EntryBatch[] = []
    let bytes = 0
    for (let i = 0; i < places.length; i++) {
      const place = places[i] as Place
      const batch = await this.#readPiece(place)
      const first = Math.max(from, batch.firstIndex)
      const last = Math.min(to, batch.lastIndex, ends[i] as number)
      let part = batch.slice(first, last)
      const within = part.lastWithin(first, maxBytes - bytes)
      part = part.slice(first, within)
      if (i > 0 && part.byteLength > maxBytes - bytes) break
      parts.push(part)
      bytes += part.byteLength
      if (within < last) break
    }
    return EntryBatch.concat(parts)
  }

  async #readPiece(place: Place): Promise<EntryBatch> {
    const file = await this.#open(place.segment)
    const bytes = new Uint8Array(place.length)
    const count = await new Promise<number>((resolve, reject) => {
      readAll(file, bytes, place.offset, (error, read) => (error === null ? resolve(read) : reject(error)))
    })
    if (count < place.length || crc32(bytes) !== place.checksum)
      throw new LogDamagedError(
        this.#path(place.segment),
        place.offset,
        `the entries from ${place.firstIndex} on are not as they were written`,
      )
    return EntryBatch.decode(new Reader(bytes))
  }

  #open(segment: number): Promise<StorageFile> {
    const opening = this.#files.get(segment) ?? this.#fileSystem.open(this.#path(segment))
    this.#files.delete(segment)
    this.#files.set(segment, opening)
    opening.catch(() => this.#files.delete(segment))
    return opening
  }

  #finish(tell: () => void): void {
    this.#reading -= 1
    if (this.#reading === 0) this.#closeUnused()
    tell()
    if (this.#reading === 0) this.#idle?.()
  }

  /** Only when nobody reads: a file that is in use is not closed. */
  #closeUnused(): void {
    for (const [segment, opening] of this.#files) {
      if (this.#files.size <= MAX_OPEN_FILES) return
      this.#files.delete(segment)
      opening.then((file) => file.close()).catch(() => {})
    }
  }

  #path(segment: number): string {
    return `${this.#directory}/${segmentName(segment)}`
  }
}
