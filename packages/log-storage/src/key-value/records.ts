import { crc32 } from 'node:zlib'
import { EntryBatch, type HardState, Reader, Writer } from '@raft/core'
import type { Identity } from '../identity.js'
import { encodeName, STORE_ID_BYTES } from '../segment-format.js'
import { decodeHardState, encodeVote } from '../write-format.js'

/*
 * The records of a log in a key-value database. Each value begins with a CRC-32 of its key and of all behind it, for a database
 * need not notice what happens to its bytes, nor that a record has come to stand under another key.
 */

export const RECORD_VERSION = 1
const CHECKSUM_BYTES = 4
/** The checksum, and that of the piece before. What follows is an encoded batch. */
export const PIECE_HEADER_BYTES = CHECKSUM_BYTES + 4

const IDENTITY_KEY = 0
const STATE_KEY = 1
const PIECE_KEY = 2
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Written once: whose log it is and where it begins. It comes first of all records. */
export interface IdentityRecord {
  readonly version: number
  readonly identity: Identity
  readonly baseIndex: number
  readonly baseTerm: number
}

/** Part of every write. Were any other record lost, or one of an earlier write in its place, this tells. */
export interface StateRecord {
  /** How many writes there were. */
  readonly sequence: number
  readonly hardState: HardState
  readonly lastIndex: number
  /** Checksum of the last piece, which holds that of the one before, and so on; that of the identity where there is none. */
  readonly lastChecksum: number
}

export const identityKey: Uint8Array = Uint8Array.of(IDENTITY_KEY)

export function stateKey(group: number): Uint8Array {
  const key = new Uint8Array(5)
  key[0] = STATE_KEY
  new DataView(key.buffer).setUint32(1, group)
  return key
}

/** Big-endian, so that pieces are ordered by their index. */
export function pieceKey(group: number, firstIndex: number): Uint8Array {
  const key = new Uint8Array(13)
  key[0] = PIECE_KEY
  const view = new DataView(key.buffer)
  view.setUint32(1, group)
  view.setBigUint64(5, BigInt(firstIndex))
  return key
}

/** The checksum that a record carries. */
export function checksumOf(value: Uint8Array): number {
  return new Reader(value, 0).u32()
}

/** Whether the record is as it was written under this key. */
export function isWhole(key: Uint8Array, value: Uint8Array): boolean {
  return value.length >= CHECKSUM_BYTES && checksumOf(value) === checksum(key, value)
}

export function encodeIdentity({ identity, baseIndex, baseTerm }: Omit<IdentityRecord, 'version'>): Uint8Array {
  const cluster = encodeName('a cluster id', identity.clusterId)
  const member = encodeName('a member id', identity.memberId)
  const writer = begin(1 + 4 + 8 + 8 + STORE_ID_BYTES + 2 + cluster.length + member.length)
  writer.u8(RECORD_VERSION)
  writer.u32(identity.group)
  writer.u64(baseIndex)
  writer.u64(baseTerm)
  writer.raw(Buffer.from(identity.storeId, 'hex'))
  writer.u8(cluster.length)
  writer.raw(cluster)
  writer.u8(member.length)
  writer.raw(member)
  return seal(identityKey, writer)
}

/** Of another version, only that is told. @throws FormatError */
export function decodeIdentity(value: Uint8Array): IdentityRecord | { readonly version: number; readonly identity: null } {
  const reader = new Reader(value, CHECKSUM_BYTES)
  const version = reader.u8()
  if (version !== RECORD_VERSION) return { version, identity: null }
  const group = reader.u32()
  const baseIndex = reader.u64()
  const baseTerm = reader.u64()
  const storeId = Buffer.from(reader.raw(STORE_ID_BYTES)).toString('hex')
  const clusterId = utf8.decode(reader.raw(reader.u8()))
  const memberId = utf8.decode(reader.raw(reader.u8()))
  return { version, identity: { clusterId, storeId, memberId, group }, baseIndex, baseTerm }
}

export function encodeState(key: Uint8Array, state: StateRecord): Uint8Array {
  const vote = encodeVote(state.hardState)
  const writer = begin(8 + 8 + 4 + 8 + 1 + vote.length)
  writer.u64(state.sequence)
  writer.u64(state.lastIndex)
  writer.u32(state.lastChecksum)
  writer.u64(state.hardState.currentTerm)
  writer.u8(vote.length)
  writer.raw(vote)
  return seal(key, writer)
}

/** @throws FormatError */
export function decodeState(value: Uint8Array): StateRecord {
  const reader = new Reader(value, CHECKSUM_BYTES)
  return { sequence: reader.u64(), lastIndex: reader.u64(), lastChecksum: reader.u32(), hardState: decodeHardState(reader) }
}

/** Of batches that follow one another. `previous`: checksum of the piece that it follows. */
export function encodePiece(key: Uint8Array, previous: number, batches: readonly EntryBatch[]): Uint8Array {
  const writer = begin(4 + EntryBatch.joinedLength(batches))
  writer.u32(previous)
  EntryBatch.encodeJoined(batches, writer)
  return seal(key, writer)
}

/** The checksum of the piece that this one follows. @throws FormatError */
export function previousOf(value: Uint8Array): number {
  return new Reader(value, CHECKSUM_BYTES).u32()
}

function begin(bytes: number): Writer {
  return new Writer(new Uint8Array(CHECKSUM_BYTES + bytes), CHECKSUM_BYTES)
}

function seal(key: Uint8Array, { bytes }: Writer): Uint8Array {
  new Writer(bytes, 0).u32(checksum(key, bytes))
  return bytes
}

function checksum(key: Uint8Array, value: Uint8Array): number {
  return crc32(value.subarray(CHECKSUM_BYTES), crc32(key))
}
