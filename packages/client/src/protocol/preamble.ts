import { decodeUtf8, getU32, ProtocolError, Writer } from '@raft/commands'

/** No HTTP request begins with this byte, so both protocols share one port. */
export const FIRST_BYTE = 0xaf
const MAX_U32 = 0xffff_ffff
const MAGIC = Uint8Array.of(FIRST_BYTE, 0x52, 0x41, 0x46, 0x54)

/**
 * The newest version. Both sides name the oldest and the newest that they speak. Version 2 differs from 1 in one thing: the
 * server's preamble ends with the largest request that it takes.
 */
export const PROTOCOL_VERSION = 2
const OLDEST_VERSION = 1
const LIMIT_SINCE = 2

/** What a client sends first: `magic (5 bytes) | oldest u8 | newest u8 | reserved u8 (0)`. */
export const CLIENT_PREAMBLE_BYTES = MAGIC.length + 3
const LIMIT_BYTES = 4
const SERVER_FIXED_BYTES = MAGIC.length + 3 + 1 + 1 + LIMIT_BYTES

export interface VersionRange {
  readonly oldest: number
  readonly newest: number
}

const SPOKEN: VersionRange = { oldest: OLDEST_VERSION, newest: PROTOCOL_VERSION }

/** Who answers, and the version that the connection speaks from here on. */
export interface ServerIdentity {
  readonly memberId: string
  readonly clusterId: string
}

export interface ServerPreamble extends ServerIdentity, VersionRange {
  /** 0: no version fits, and the server closes. */
  readonly version: number
  /** The largest body of a request that the server takes, in bytes; null where it does not say, before version 2. */
  readonly maxRequestBytes: number | null
}

export function encodeClientPreamble(versions: VersionRange = SPOKEN): Uint8Array {
  const writer = new Writer(CLIENT_PREAMBLE_BYTES)
  writer.raw(MAGIC)
  writer.u8(versions.oldest)
  writer.u8(versions.newest)
  writer.u8(0)
  return writer.finish()
}

/** @returns null while it is cut short. @throws ProtocolError as soon as a byte is wrong. */
export function decodeClientPreamble(bytes: Uint8Array): VersionRange | null {
  checkMagic(bytes)
  if (bytes.length < CLIENT_PREAMBLE_BYTES) return null
  return { oldest: bytes[MAGIC.length] as number, newest: bytes[MAGIC.length + 1] as number }
}

/** The newest version that both sides speak; 0 when there is none. */
export function chooseVersion(client: VersionRange, server: VersionRange = SPOKEN): number {
  const newest = Math.min(client.newest, server.newest)
  return newest >= Math.max(client.oldest, server.oldest) ? newest : 0
}

/** Whether this side speaks the version that the other has chosen. */
export function isSpoken(version: number): boolean {
  return version >= OLDEST_VERSION && version <= PROTOCOL_VERSION
}

/**
 * `magic (5 bytes) | version u8 | oldest u8 | newest u8 | length u8, member id | length u8, cluster id`, and from version 2 on
 * `| largest body of a request u32`.
 * @throws ProtocolError when an id is over 255 bytes, or no text.
 */
export function encodeServerPreamble(
  version: number,
  identity: ServerIdentity,
  maxRequestBytes: number,
  versions: VersionRange = SPOKEN,
): Uint8Array {
  const writer = new Writer(SERVER_FIXED_BYTES + 64)
  writer.raw(MAGIC)
  writer.u8(version)
  writer.u8(versions.oldest)
  writer.u8(versions.newest)
  for (const id of [identity.memberId, identity.clusterId]) {
    const bytes = Buffer.from(id, 'utf8')
    if (!id.isWellFormed()) throw new ProtocolError('an id with lone surrogates, which UTF-8 cannot hold')
    if (bytes.length > 255) throw new ProtocolError(`an id of ${bytes.length} bytes: at most 255 fit`)
    writer.u8(bytes.length)
    writer.raw(bytes)
  }
  if (version >= LIMIT_SINCE) writer.u32(Math.min(maxRequestBytes, MAX_U32))
  return writer.finish()
}

/** @returns null while it is cut short. @throws ProtocolError as soon as a byte is wrong. */
export function decodeServerPreamble(bytes: Uint8Array): { preamble: ServerPreamble; length: number } | null {
  checkMagic(bytes)
  let at = MAGIC.length + 3
  const ids: string[] = []
  for (let i = 0; i < 2; i++) {
    if (bytes.length < at + 1) return null
    const end = at + 1 + (bytes[at] as number)
    if (bytes.length < end) return null
    ids.push(decodeUtf8(bytes.subarray(at + 1, end)))
    at = end
  }
  const [version, oldest, newest] = bytes.subarray(MAGIC.length, MAGIC.length + 3) as unknown as [number, number, number]
  let maxRequestBytes: number | null = null
  if (version >= LIMIT_SINCE) {
    if (bytes.length < at + LIMIT_BYTES) return null
    maxRequestBytes = getU32(bytes, at)
    at += LIMIT_BYTES
  }
  return { preamble: { version, oldest, newest, memberId: ids[0] as string, clusterId: ids[1] as string, maxRequestBytes }, length: at }
}

function checkMagic(bytes: Uint8Array): void {
  const known = Math.min(MAGIC.length, bytes.length)
  for (let i = 0; i < known; i++) {
    if (bytes[i] !== MAGIC[i])
      throw new ProtocolError('the other side does not speak the Raft client protocol: is this the client address?')
  }
}
