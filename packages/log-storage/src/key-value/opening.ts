import { FormatError, Reader } from '@raft/core'
import { IdentityMismatchError, LogDamagedError, UnsupportedFormatError } from '../errors.js'
import { type ExpectedIdentity, type Identity, isExpected } from '../identity.js'
import { LogContents } from '../log-contents.js'
import type { Database } from './database.js'
import {
  checksumOf,
  decodeIdentity,
  decodeState,
  type IdentityRecord,
  identityKey,
  isWhole,
  PIECE_HEADER_BYTES,
  previousOf,
  RECORD_VERSION,
  type StateRecord,
  stateKey,
} from './records.js'

/** What a database holds. */
export interface ReadLog {
  readonly identity: Identity
  readonly identityChecksum: number
  readonly state: StateRecord
  readonly contents: LogContents
}

type DatabaseRecord = readonly [key: Uint8Array, value: Uint8Array]

/**
 * Reads every record and checks each by its checksum, each piece by the piece that it was written behind, and the whole by the
 * record of the last write. Where a database lost a record, kept one that was removed, or went back to an earlier one, the
 * chain does not hold: then the log is refused, for entries that others count on may be missing.
 */
export class LogOpening {
  readonly #path: string
  readonly #expected: ExpectedIdentity

  /** `path`: where the database lies, for errors. */
  constructor(path: string, expected: ExpectedIdentity) {
    this.#path = path
    this.#expected = expected
  }

  /** @throws LogDamagedError, IdentityMismatchError, UnsupportedFormatError */
  async read(database: Database): Promise<ReadLog> {
    try {
      return await this.#read(database)
    } catch (error) {
      if (error instanceof FormatError) throw this.#damaged(error.message)
      throw error
    }
  }

  async #read(database: Database): Promise<ReadLog> {
    let identity: (IdentityRecord & { readonly checksum: number; readonly contents: LogContents }) | null = null
    let state: StateRecord | null = null
    let last = 0
    for await (const record of database.records()) {
      if (identity === null) {
        identity = this.#takeIdentity(record)
        last = identity.checksum
      } else if (state === null) state = this.#takeState(record)
      else last = this.#takePiece(record, identity.contents, last)
    }
    if (identity === null) throw this.#damaged('it holds no records')
    if (state === null) throw this.#damaged('the record of the last write is missing')
    const { contents } = identity
    if (state.lastChecksum !== last)
      throw this.#damaged(`the last write left entries up to ${state.lastIndex}, and those up to ${contents.lastIndex} are not the same`)
    contents.hardState = state.hardState
    return { identity: identity.identity, identityChecksum: identity.checksum, state, contents }
  }

  #takeIdentity([key, value]: DatabaseRecord): IdentityRecord & { checksum: number; contents: LogContents } {
    if (!isKey(key, identityKey)) throw this.#damaged('the record that says whose log it is is missing')
    if (!isWhole(key, value)) throw this.#damaged('the record that says whose log it is is not as it was written')
    const record = decodeIdentity(value)
    if (record.identity === null) throw new UnsupportedFormatError(this.#path, record.version, RECORD_VERSION)
    const found = record.identity
    if (!isExpected(found, this.#expected)) throw new IdentityMismatchError(this.#path, found, this.#expected)
    return { ...record, checksum: checksumOf(value), contents: new LogContents(record.baseIndex, record.baseTerm) }
  }

  #takeState([key, value]: DatabaseRecord): StateRecord {
    if (!isKey(key, stateKey(this.#expected.group))) throw this.#damaged('the record of the last write is missing')
    if (!isWhole(key, value)) throw this.#damaged('the record of the last write is not as it was written')
    return decodeState(value)
  }

  /** Gives the checksum of the piece. */
  #takePiece([key, value]: DatabaseRecord, contents: LogContents, last: number): number {
    const next = contents.lastIndex + 1
    if (value.length < PIECE_HEADER_BYTES + 8 || !isWhole(key, value))
      throw this.#damaged(`the entries behind ${next - 1} are not as they were written`)
    const firstIndex = new Reader(value, PIECE_HEADER_BYTES).u64()
    if (previousOf(value) !== last)
      throw this.#damaged(`the entries from ${firstIndex} on were written behind others than those that are there`)
    const checksum = checksumOf(value)
    const piece = { firstIndex, at: PIECE_HEADER_BYTES, length: value.length - PIECE_HEADER_BYTES, checksum }
    const wrong = contents.add(new Reader(value, PIECE_HEADER_BYTES), 0, 0, piece)
    if (wrong !== null) throw this.#damaged(wrong)
    return checksum
  }

  #damaged(what: string): LogDamagedError {
    return new LogDamagedError(this.#path, null, what)
  }
}

function isKey(key: Uint8Array, expected: Uint8Array): boolean {
  return Buffer.compare(key, expected) === 0
}
