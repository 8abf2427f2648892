import { isUtf8 } from 'node:buffer'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { FormatError, type MemberId, Reader, Writer } from '@raft/core'

/** What this member begins handshakes in. One that is not upgraded yet drops them, and is answered when it begins in its own. */
export const DATAGRAM_VERSION = 3
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
} as const

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

/** One step of a handshake. A hello carries no `nonce` of the receiver, and the others only prove that they know it. */
export interface HandshakeDatagram {
  /** Of all datagrams of the session that this leads to; an answer has its hello's. */
  readonly version: number
  readonly kind: number
  readonly hint: number
  readonly from: MemberId
  readonly to: MemberId
  /** By which the sender wants to be addressed in this session. */
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
}

/** The three steps have the same length, so that nobody can be made to send more than was sent to him. */
export function encodeHandshake(step: HandshakeDatagram, plain: boolean, key: Uint8Array, receiverNonce: Uint8Array): Buffer {
  const from = Buffer.from(step.from)
  const to = Buffer.from(step.to)
  const bytes = Buffer.alloc(2 + 4 + 8 + 8 + NONCE_BYTES + 4 + 4 + 1 + 1 + from.length + 1 + to.length + MAC_BYTES)
  const writer = new Writer(bytes)
  writer.u8(step.version)
  writer.u8(step.kind + (plain ? PLAIN : 0))
  writer.u32(step.hint)
  writer.u64(step.senderSession)
  writer.u64(step.receiverSession)
  writer.raw(step.nonce)
  writer.u32(step.maxDatagram)
  writer.u32(step.window)
  writer.u8(step.sessionKnown ? 1 : 0)
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
  const from = decodeName(reader.raw(reader.u8()))
  const to = decodeName(reader.raw(reader.u8()))
  reader.raw(MAC_BYTES)
  reader.end()
  if (from === '' || to === '' || known > 1 || senderSession === 0) throw new FormatError('a handshake without names or session')
  return { version, kind, hint, from, to, senderSession, receiverSession, nonce, maxDatagram, window, sessionKnown: known === 1 }
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
