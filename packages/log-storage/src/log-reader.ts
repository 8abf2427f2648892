import { EntryBatch } from '@raft/core'
import type { Place, PlaceIndex } from './place-index.js'

/** Smaller pieces are put together, which copies them; one of this size is read alone. */
const NOT_JOINED_BYTES = 16 * 1024

type Done = (error: Error | null, entries: EntryBatch | null) => void

/** What reads one piece after the other for one call of `read`, all as they were when it began. */
export interface PieceView {
  /** @throws LogDamagedError when the piece is not as it was written. */
  piece(place: Place): Promise<EntryBatch>
  /** Nothing more is read. */
  release(): void
}

/** Where the pieces of a log lie. */
export interface PieceSource {
  /** Taken at once, before anything else can change the log. */
  view(): PieceView
  close(): Promise<void>
}

/** Reads ranges of entries out of the pieces that they were stored in. What a write replaces meanwhile is read as it was. */
export class LogReader {
  readonly #source: PieceSource
  readonly #places: PlaceIndex
  #reading = 0
  #idle: (() => void) | null = null

  constructor(source: PieceSource, places: PlaceIndex) {
    this.#source = source
    this.#places = places
  }

  /** The range must be in the log. */
  read(from: number, to: number, maxBytes: number, done: Done): void {
    this.#reading += 1
    this.#readRange(from, to, maxBytes).then(
      (entries) => this.#finish(() => done(null, entries)),
      (error: unknown) => this.#finish(() => done(error instanceof Error ? error : new Error(String(error)), null)),
    )
  }

  /** Waits for the reads that run. */
  async close(): Promise<void> {
    if (this.#reading > 0) await new Promise<void>((resolve) => (this.#idle = resolve))
    await this.#source.close()
  }

  async #readRange(from: number, to: number, maxBytes: number): Promise<EntryBatch> {
    const view = this.#source.view()
    try {
      return await this.#readPieces(view, from, to, maxBytes)
    } finally {
      view.release()
    }
  }

  async #readPieces(view: PieceView, from: number, to: number, maxBytes: number): Promise<EntryBatch> {
    const truncations = this.#places.truncations
    const parts: EntryBatch[] = []
    let bytes = 0
    // What a write has replaced meanwhile is not put together with what it was replaced by: then what was read has to do.
    for (let at = this.#places.find(from); at < this.#places.count && this.#places.truncations === truncations; at++) {
      const place = this.#places.at(at)
      const isSmall = place.length < NOT_JOINED_BYTES
      if (place.firstIndex > to || (parts.length > 0 && !isSmall)) break
      const last = Math.min(to, this.#places.endOf(at) - 1)
      const batch = await view.piece(place)
      const part = batch.slice(Math.max(from, batch.firstIndex), Math.min(last, batch.lastIndex))
      const fitting = part.slice(part.firstIndex, part.lastWithin(part.firstIndex, maxBytes - bytes))
      bytes += fitting.byteLength
      // The first entry is given whatever its size, a later one only where there is room.
      if (parts.length > 0 && bytes > maxBytes) break
      parts.push(fitting)
      if (fitting.count < part.count || bytes >= maxBytes || !isSmall) break
    }
    return EntryBatch.concat(parts)
  }

  #finish(tell: () => void): void {
    this.#reading -= 1
    tell()
    if (this.#reading === 0) this.#idle?.()
  }
}
