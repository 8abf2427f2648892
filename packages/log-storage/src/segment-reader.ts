import { crc32 } from 'node:zlib'
import { EntryBatch, Reader } from '@raft/core'
import { LogDamagedError } from './errors.js'
import { readAllAsync } from './file-io.js'
import type { FileSystem, StorageFile } from './file-system.js'
import type { PieceSource, PieceView } from './log-reader.js'
import type { Place, PlaceIndex } from './place-index.js'
import { segmentName } from './segment-format.js'

const MAX_OPEN_FILES = 8
/** Read with one call: one piece, or as many as lie in this many bytes. A larger piece is not kept, nor read ahead. */
const SPAN_BYTES = 1024 * 1024
/** Spans that are kept: for each of three who read the log from one end to the other the one before, one, and one ahead. */
const KEPT_SPANS = 9

interface OpenFile {
  readonly opening: Promise<StorageFile>
  /** Reads that use it now. */
  users: number
}

/** Pieces that lie behind one another in a segment. What was written there once is never written over. */
interface Span {
  readonly segment: number
  /** In bytes, in the segment's file. */
  readonly from: number
  readonly to: number
  readonly firstIndex: number
  /** Index of the entry behind it. */
  readonly nextIndex: number
  readonly bytes: Promise<Uint8Array>
}

/**
 * Reads pieces from their segments, many with one call, and those behind ahead of time for whoever reads one after the other.
 * What a write replaces stays in the files, so that every view is the same.
 */
export class SegmentReader implements PieceSource {
  readonly #fileSystem: FileSystem
  readonly #directory: string
  readonly #places: PlaceIndex
  /** Of the segments read last, the latest at the end. */
  readonly #files = new Map<number, OpenFile>()
  /** Settled when the files that are not needed any more are closed. */
  #closing: Promise<void> = Promise.resolve()
  /** Those used last, the latest at the end. */
  #spans: Span[] = []
  /** No Set, whose old tables would keep what was read (docs/decisions/007-what-a-write-costs.md). */
  #running: Promise<unknown>[] = []
  readonly #view: PieceView = { piece: (place) => this.#piece(place), release: () => {} }

  constructor(fileSystem: FileSystem, directory: string, places: PlaceIndex) {
    this.#fileSystem = fileSystem
    this.#directory = directory
    this.#places = places
  }

  view(): PieceView {
    return this.#view
  }

  /** Waits for what is read ahead. Nothing is asked for any more. */
  async close(): Promise<void> {
    await Promise.all(this.#running)
    const files = [...this.#files.values()]
    this.#files.clear()
    for (const { opening } of files) await opening.then((file) => file.close()).catch(() => {})
    await this.#closing
  }

  async #piece(place: Place): Promise<EntryBatch> {
    const span = this.#spanOf(place)
    const start = place.offset - span.from
    const bytes = (await span.bytes).subarray(start, start + place.length)
    if (bytes.length < place.length || crc32(bytes) !== place.checksum)
      throw new LogDamagedError(
        this.#path(place.segment),
        place.offset,
        `the entries from ${place.firstIndex} on are not as they were written`,
      )
    return EntryBatch.decode(new Reader(bytes))
  }

  #spanOf({ segment, offset, length, firstIndex }: Place): Span {
    const known = this.#spans.find((span) => span.segment === segment && span.from <= offset && offset + length <= span.to)
    const span = known ?? this.#begin(this.#places.find(firstIndex))
    this.#keep(span)
    // Whoever has read what is before will go on to what is behind, and others may follow closely.
    const before = this.#before(span)
    if (before !== undefined) {
      this.#forget(this.#before(before))
      this.#readAhead(span.nextIndex)
    }
    // Whoever has read the end of the log has read it all: a log that is idle keeps nothing.
    if (offset + length === span.to && span.nextIndex === Number.POSITIVE_INFINITY) this.#spans = []
    return span
  }

  #before(span: Span): Span | undefined {
    return this.#spans.find(({ nextIndex }) => nextIndex === span.firstIndex)
  }

  #readAhead(index: number): void {
    const at = this.#places.find(index)
    if (at >= this.#places.count || this.#places.at(at).firstIndex !== index || this.#places.at(at).length > SPAN_BYTES) return
    if (this.#spans.every(({ firstIndex }) => firstIndex !== index)) this.#keep(this.#begin(at))
  }

  #keep(span: Span): void {
    this.#forget(span)
    if (span.to - span.from > SPAN_BYTES) return
    if (this.#spans.length === KEPT_SPANS) this.#spans.shift()
    this.#spans.push(span)
  }

  #forget(span: Span | undefined): void {
    this.#spans = this.#spans.filter((kept) => kept !== span)
  }

  /** Begins to read the piece at this position, and those behind it. */
  #begin(position: number): Span {
    const { segment, offset: from, length, firstIndex } = this.#places.at(position)
    let to = from + length
    let last = position
    for (let next = position + 1; next < this.#places.count; next++) {
      const place = this.#places.at(next)
      const end = place.offset + place.length
      if (place.segment !== segment || end - from > SPAN_BYTES) break
      to = end
      last = next
    }
    const bytes = this.#withFile(segment, (file) => readFrom(file, from, to - from))
    const span: Span = { segment, from, to, firstIndex, nextIndex: this.#places.endOf(last), bytes }
    const settled = bytes
      // Told to whoever asks for it now; whoever asks later has it read again.
      .catch(() => this.#forget(span))
      .then(() => {
        this.#running = this.#running.filter((other) => other !== settled)
      })
    this.#running.push(settled)
    return span
  }

  async #withFile<T>(segment: number, use: (file: StorageFile) => Promise<T>): Promise<T> {
    const open = this.#files.get(segment) ?? this.#open(segment)
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

  #open(segment: number): OpenFile {
    const open = { opening: this.#fileSystem.open(this.#path(segment)), users: 0 }
    // The next read tries again.
    open.opening.catch(() => {
      if (this.#files.get(segment) === open) this.#files.delete(segment)
    })
    return open
  }

  #closeUnused(): void {
    for (const [segment, { opening, users }] of this.#files) {
      if (this.#files.size <= MAX_OPEN_FILES) return
      if (users > 0) continue
      this.#files.delete(segment)
      const closed = opening.then((file) => file.close()).catch(() => {})
      this.#closing = Promise.all([this.#closing, closed]).then(() => {})
    }
  }

  #path(segment: number): string {
    return `${this.#directory}/${segmentName(segment)}`
  }
}

async function readFrom(file: StorageFile, position: number, length: number): Promise<Uint8Array> {
  const memory = Buffer.allocUnsafeSlow(length)
  const count = await readAllAsync(file, memory, position)
  return new Uint8Array(memory.buffer, memory.byteOffset, count)
}
