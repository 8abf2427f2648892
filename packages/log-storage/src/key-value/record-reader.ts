import { EntryBatch, Reader } from '@raft/core'
import { LogDamagedError } from '../errors.js'
import type { PieceSource, PieceView } from '../log-reader.js'
import type { Place } from '../place-index.js'
import type { Database, DatabaseView } from './database.js'
import { checksumOf, isWhole, PIECE_HEADER_BYTES, pieceKey } from './records.js'

/**
 * Reads pieces from the records of a database. A write that replaces entries removes their records, and may have done so before
 * it is known to be durable: what is read from its beginning to its end is read from the records that were there before.
 */
export class RecordReader implements PieceSource {
  readonly #database: Database
  readonly #path: string
  readonly #group: number
  #held: SharedView | null = null

  constructor(database: Database, path: string, group: number) {
    this.#database = database
    this.#path = path
    this.#group = group
  }

  view(): PieceView {
    const view = this.#held ?? new SharedView(this.#database.view())
    view.use()
    return { piece: (place) => this.#piece(view, place), release: () => view.release() }
  }

  /** A write that replaces entries begins. */
  hold(): void {
    this.#held = new SharedView(this.#database.view())
    this.#held.use()
  }

  /** It has ended, if it was one. */
  letGo(): void {
    this.#held?.release()
    this.#held = null
  }

  close(): Promise<void> {
    return this.#database.close()
  }

  async #piece(view: SharedView, { firstIndex, checksum }: Place): Promise<EntryBatch> {
    const key = pieceKey(this.#group, firstIndex)
    const value = await view.get(key)
    if (value === null || !isWhole(key, value) || checksumOf(value) !== checksum)
      throw new LogDamagedError(this.#path, null, `the entries from ${firstIndex} on are not as they were written`)
    return EntryBatch.decode(new Reader(value, PIECE_HEADER_BYTES))
  }
}

/** A view that goes when the last of its users has gone. */
class SharedView {
  readonly #view: DatabaseView
  #users = 0

  constructor(view: DatabaseView) {
    this.#view = view
  }

  use(): void {
    this.#users += 1
  }

  get(key: Uint8Array): Promise<Uint8Array | null> {
    return this.#view.get(key)
  }

  release(): void {
    this.#users -= 1
    if (this.#users === 0) this.#view.release()
  }
}
