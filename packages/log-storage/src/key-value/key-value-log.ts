import type { EntryBatch, LogWrite, StoredLog } from '@raft/core'
import { queueMicrotask } from '@raft/system'
import type { OpenLog } from '../exclusive-log-storage.js'
import type { Identity } from '../identity.js'
import { LogReader } from '../log-reader.js'
import type { PlaceIndex } from '../place-index.js'
import { packBatches } from '../write-format.js'
import { checkOrder } from '../write-order.js'
import type { Database, DatabaseWrite } from './database.js'
import type { ReadLog } from './opening.js'
import { RecordReader } from './record-reader.js'
import { checksumOf, encodePiece, encodeState, PIECE_HEADER_BYTES, pieceKey, type StateRecord, stateKey } from './records.js'

interface WrittenPiece {
  readonly firstIndex: number
  readonly length: number
  readonly checksum: number
}

interface EncodedWrite extends DatabaseWrite {
  readonly state: StateRecord
  readonly pieces: readonly WrittenPiece[]
  /** Whether entries that are stored are replaced. */
  readonly replaces: boolean
}

/**
 * A log in the records of a database: a piece of up to 256 KiB of entries under the index of its first one, and the state.
 * A piece that a later one begins within keeps all its entries, and counts up to there.
 */
export class KeyValueLog implements OpenLog {
  readonly identity: Identity
  readonly stored: StoredLog
  readonly #database: Database
  readonly #stateKey: Uint8Array
  readonly #places: PlaceIndex
  readonly #identityChecksum: number
  readonly #records: RecordReader
  readonly #reader: LogReader
  #state: StateRecord

  constructor(database: Database, path: string, { identity, identityChecksum, state, contents }: ReadLog) {
    const { hardState, baseIndex, baseTerm, lastIndex, runs } = contents
    this.identity = identity
    this.stored = { hardState, baseIndex, baseTerm, lastIndex, runs }
    this.#database = database
    this.#stateKey = stateKey(identity.group)
    this.#places = contents.places
    this.#identityChecksum = identityChecksum
    this.#records = new RecordReader(database, path, identity.group)
    this.#reader = new LogReader(this.#records, contents.places)
    this.#state = state
  }

  get firstIndex(): number {
    return this.stored.baseIndex + 1
  }

  get lastIndex(): number {
    return this.#state.lastIndex
  }

  /**
   * Makes durable what was read: a process that was killed may have left it in the system's memory only. A database makes a
   * write durable together with all before it, and after one whose sync failed it writes the pages anew.
   */
  async confirm(): Promise<void> {
    const encoded = this.#encode({ hardState: null, entries: [] })
    await this.#database.write(encoded)
    this.#state = encoded.state
  }

  write(write: LogWrite, done: (error: Error | null) => void): void {
    let encoded: EncodedWrite
    try {
      checkOrder(write, this.stored.baseIndex, this.lastIndex)
      encoded = this.#encode(write)
      if (encoded.replaces) this.#records.hold()
    } catch (error) {
      queueMicrotask(() => done(asError(error)))
      return
    }
    this.#database.write(encoded).then(
      () => {
        this.#take(encoded)
        done(null)
      },
      (error: unknown) => {
        this.#records.letGo()
        done(asError(error))
      },
    )
  }

  read(from: number, to: number, maxBytes: number, done: (error: Error | null, entries: EntryBatch | null) => void): void {
    this.#reader.read(from, to, maxBytes, done)
  }

  close(): Promise<void> {
    return this.#reader.close()
  }

  #encode({ hardState, entries }: LogWrite): EncodedWrite {
    const packed = packBatches(entries)
    const firstIndex = packed[0]?.[0]?.firstIndex ?? this.lastIndex + 1
    const puts: [key: Uint8Array, value: Uint8Array][] = []
    const pieces: WrittenPiece[] = []
    let last = this.#checksumBefore(firstIndex)
    for (const batches of packed) {
      const { firstIndex } = batches[0] as EntryBatch
      const key = pieceKey(this.identity.group, firstIndex)
      const value = encodePiece(key, last, batches)
      last = checksumOf(value)
      puts.push([key, value])
      pieces.push({ firstIndex, length: value.length - PIECE_HEADER_BYTES, checksum: last })
    }
    const state: StateRecord = {
      sequence: this.#state.sequence + 1,
      hardState: hardState ?? this.#state.hardState,
      lastIndex: packed.at(-1)?.at(-1)?.lastIndex ?? this.lastIndex,
      lastChecksum: last,
    }
    puts.push([this.#stateKey, encodeState(this.#stateKey, state)])
    return { puts, removes: this.#removesFrom(firstIndex, pieces), state, pieces, replaces: firstIndex <= this.lastIndex }
  }

  /** Of the piece that an entry of this index follows. */
  #checksumBefore(index: number): number {
    if (index === this.firstIndex) return this.#identityChecksum
    return this.#places.at(this.#places.find(index - 1)).checksum
  }

  /** The keys of pieces that begin at or behind `index`, but for those that are written again. */
  #removesFrom(index: number, pieces: readonly WrittenPiece[]): Uint8Array[] {
    const removes: Uint8Array[] = []
    for (let at = this.#places.count - 1; at >= 0; at--) {
      const { firstIndex } = this.#places.at(at)
      if (firstIndex < index) break
      if (!pieces.some((piece) => piece.firstIndex === firstIndex)) removes.push(pieceKey(this.identity.group, firstIndex))
    }
    return removes
  }

  #take({ state, pieces, replaces }: EncodedWrite): void {
    const first = pieces[0]
    if (first !== undefined && replaces) this.#places.truncate(first.firstIndex)
    for (const { firstIndex, length, checksum } of pieces) this.#places.add(firstIndex, 0, PIECE_HEADER_BYTES, length, checksum)
    this.#state = state
    this.#records.letGo()
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
