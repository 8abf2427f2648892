import { isUtf8 } from 'node:buffer'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { FormatError, type MemberId, Reader, Writer } from '@raft/core'

/** The version in which this member begins handshakes. A member that is not upgraded drops them, and is answered when it begins in its own. */
export const DATAGRAM_VERSION = 3
/** From here on the steps of a handshake say on which directory their sender runs. */
const VERSION_WITH_IDENTITY = 3
/** The oldest that is still spoken. */
export const OLDEST_DATAGRAM_VERSION = 1

export const DatagramKind = {
  /** Who are you, and are you there now? */
  Hello: 1,
  /** I am, and this is my nonce. */
  Answer: 2,
  /** Here is the proof that I have seen it: the session is open. */
  Confirm: 3,
  Sealed: 4,
  /** In place of an answer: I do not talk to you, and this is why. */
  Refusal: 5,
} as const

/** Why a hello is refused, by the number that stands for it in a refusal. */
export const REFUSALS = ['otherStore', 'olderCopy', 'runsTwice', 'otherVoters'] as const
export type HandshakeRefusal = (typeof REFUSALS)[number]

/** On which directory the sender of a step runs. */
export interface HandshakeIdentity {
  /** 16 bytes in hexadecimal. */
  readonly storeId: string
  readonly starts: number
  /** How the boots of the sender's starts before began, the newest first. */
  readonly history: readonly Uint8Array[]
  /** See `votersText`. */
  readonly voters: string
}

/** What the sender of a refusal remembers of the receiver. */
export type RememberedStart = Pick<HandshakeIdentity, 'storeId' | 'starts'>

/** Added to the kinds when nothing is sealed, so that neither side can take one for the other. */
export const PLAIN = 0x40

/** version u8, kind u8, receiver's session id u64, counter u64. */
export const SEALED_HEADER_BYTES = 18
export const SEALED_SESSION_AT = 2
export const SEALED_COUNTER_AT = 10
export const NONCE_BYTES = 32
/** The first half of a nonce is drawn at `start`, the second for each handshake. */
export const BOOT_BYTES = 16
const MAC_BYTES = 32
const STORE_ID_BYTES = 16
const MARK_BYTES = 4
const START_BYTES = STORE_ID_BYTES + 8
const NO_IDENTITY: HandshakeIdentity = { storeId: '00'.repeat(STORE_ID_BYTES), starts: 0, history: [], voters: '' }

/** One step of a handshake. A hello carries no `nonce` of the receiver, and the others only prove that they know it. */
export interface HandshakeDatagram {
  /** The version of all datagrams of the session that this leads to. An answer has the version of its hello. */
  readonly version: number
  readonly kind: number
  readonly hint: number
  readonly from: MemberId
  readonly to: MemberId
  /** The id by which the sender wants to be addressed in this session. */
  readonly senderSession: number
  /** Hello: the receiver's id of the session that the sender uses now, or 0. Otherwise: the receiver's `senderSession`. */
  readonly receiverSession: number
  /** The sender's nonce. */
  readonly nonce: Uint8Array
  /** The largest datagram that reaches the sender in one piece. */
  readonly maxDatagram: number
  /** How much of the sender's receive buffer is free for this peer. */
  readonly window: number
  /** Answer: the session that the hello named is open here still. */
  readonly sessionKnown: boolean
  /** Null in a version that has none, and where the sender does not keep one. */
  readonly identity: HandshakeIdentity | null
  /** Refusal: why. Otherwise null. */
  readonly refusal: HandshakeRefusal | null
  /** Refusal: what is remembered of the receiver, null only where the voters differ. Otherwise: null. */
  readonly remembered: RememberedStart | null
}

/**
 * The steps of two members have the same length but for the lists of voters, of 300 bytes at most, and of starts before, of 252, and for
 * 24 bytes more in a refusal: nobody can be made to send much more than was sent to him.
 */
export function encodeHandshake(step: HandshakeDatagram, plain: boolean, key: Uint8Array, receiverNonce: Uint8Array): Buffer {
  const from = Buffer.from(step.from)
  const to = Buffer.from(step.to)
  const { storeId, starts, history, voters } = step.identity ?? NO_IDENTITY
  const votersBytes = Buffer.from(voters)
  const identityBytes = step.version < VERSION_WITH_IDENTITY ? 0 : START_BYTES + 1 + history.length * MARK_BYTES + 2 + votersBytes.length
  const rememberedBytes = step.refusal === null ? 0 : START_BYTES
  const bytes = Buffer.alloc(
    identityBytes + rememberedBytes + 2 + 4 + 8 + 8 + NONCE_BYTES + 4 + 4 + 1 + 1 + from.length + 1 + to.length + MAC_BYTES,
  )
  const writer = new Writer(bytes)
  writer.u8(step.version)
  writer.u8(step.kind + (plain ? PLAIN : 0))
  writer.u32(step.hint)
  writer.u64(step.senderSession)
  writer.u64(step.receiverSession)
  writer.raw(step.nonce)
  writer.u32(step.maxDatagram)
  writer.u32(step.window)
  writer.u8(step.refusal === null ? Number(step.sessionKnown) : REFUSALS.indexOf(step.refusal) + 1)
  if (identityBytes > 0) {
    writer.raw(Buffer.from(storeId, 'hex'))
    writer.u64(starts)
    writer.u8(history.length)
    for (const mark of history) writer.raw(mark)
    writer.u8(votersBytes.length & 0xff)
    writer.u8(votersBytes.length >>> 8)
    writer.raw(votersBytes)
  }
  if (rememberedBytes > 0) {
    const remembered = step.remembered ?? NO_IDENTITY
    writer.raw(Buffer.from(remembered.storeId, 'hex'))
    writer.u64(remembered.starts)
  }
  writer.u8(from.length)
  writer.raw(from)
  writer.u8(to.length)
  writer.raw(to)
  writer.raw(authenticate(bytes.subarray(0, writer.position), key, receiverNonce))
  return bytes
}

/**
 * Reads a step without believing it: see `isAuthentic`.
 * @throws FormatError for anything that `encodeHandshake` does not write.
 */
export function decodeHandshake(bytes: Uint8Array): HandshakeDatagram {
  const reader = new Reader(bytes)
  const version = reader.u8()
  const kind = reader.u8() & ~PLAIN
  const hint = reader.u32()
  const senderSession = reader.u64()
  const receiverSession = reader.u64()
  const nonce = reader.raw(NONCE_BYTES).slice()
  const maxDatagram = reader.u32()
  const window = reader.u32()
  const known = reader.u8()
  const identity = version < VERSION_WITH_IDENTITY ? null : readIdentity(reader)
  const remembered = kind === DatagramKind.Refusal ? readRemembered(reader) : null
  const from = decodeName(reader.raw(reader.u8()))
  const to = decodeName(reader.raw(reader.u8()))
  reader.raw(MAC_BYTES)
  reader.end()
  if (from === '' || to === '' || senderSession === 0) throw new FormatError('a handshake without names or session')
  const refusal = kind === DatagramKind.Refusal ? (REFUSALS[known - 1] ?? null) : null
  const saysAll = refusal !== null && identity !== null && (remembered !== null || refusal === 'otherVoters')
  if (kind === DatagramKind.Refusal ? !saysAll : known > 1) throw new FormatError('a handshake that says what none of its kind says')
  const names = { from, to, senderSession, receiverSession }
  return { version, kind, hint, ...names, nonce, maxDatagram, window, sessionKnown: known === 1, identity, refusal, remembered }
}

function readRemembered(reader: Reader): RememberedStart | null {
  const storeId = Buffer.from(reader.raw(STORE_ID_BYTES)).toString('hex')
  const starts = reader.u64()
  return starts === 0 ? null : { storeId, starts }
}

function readIdentity(reader: Reader): HandshakeIdentity | null {
  const storeId = Buffer.from(reader.raw(STORE_ID_BYTES)).toString('hex')
  const starts = reader.u64()
  const history = Array.from({ length: reader.u8() }, () => Uint8Array.from(reader.raw(MARK_BYTES)))
  const length = reader.u8() + 256 * reader.u8()
  const voters = Buffer.from(reader.raw(length)).toString()
  return starts === 0 ? null : { storeId, starts, history, voters }
}

/** @throws FormatError when the bytes are not UTF-8 */
function decodeName(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new FormatError('a handshake with a name that is not UTF-8')
  return Buffer.from(bytes).toString()
}

/** Whether the sender of this step knows the secret, and the receiver's nonce. */
export function isAuthentic(bytes: Uint8Array, key: Uint8Array, receiverNonce: Uint8Array): boolean {
  const end = bytes.length - MAC_BYTES
  return timingSafeEqual(authenticate(bytes.subarray(0, end), key, receiverNonce), bytes.subarray(end))
}

function authenticate(body: Uint8Array, key: Uint8Array, receiverNonce: Uint8Array): Buffer {
  return createHmac('sha256', key).update(receiverNonce).update(body).digest()
}

export const NO_NONCE = new Uint8Array(NONCE_BYTES)
