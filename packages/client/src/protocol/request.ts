import {
  type Consistency,
  ConsistencyCode,
  getU32,
  ProtocolError,
  putU32,
  type Range,
  Reader,
  rangeBytes,
  readRange,
  Writer,
  writeRange,
} from '@raft/commands'
import type { FrameEncoder } from './frame-encoder.js'

/** What a request asks for. A server answers a kind that it does not know with `RAFT_UNKNOWN_REQUEST`, and goes on. */
export const RequestKind = {
  /** The body is a command, which the server proposes unchanged. */
  Write: 1,
  /** The body is read by `decodeGet`. */
  Get: 2,
  /** The body is read by `decodeRange`. */
  Range: 3,
  /** No body. */
  Status: 4,
} as const

const CONSISTENCIES: readonly (Consistency | undefined)[] = [undefined, 'linearizable', 'lease', 'local']

/** id u32 | kind u8 | timeout u32 | length u32 */
export const REQUEST_HEAD_BYTES = 13

export interface Request {
  /** Chosen by the client; the response carries it. */
  readonly id: number
  /** One of `RequestKind`, or a kind of a newer version. */
  readonly kind: number
  /** Milliseconds for which the client will wait, counted from the arrival; 0: without end. */
  readonly timeout: number
  /** A view of what arrived; it must not be written to. */
  readonly body: Uint8Array
}

export function writeRequest(encoder: FrameEncoder, id: number, kind: number, timeout: number, body: Uint8Array): void {
  const at = encoder.reserve(REQUEST_HEAD_BYTES + body.length)
  const slab = encoder.slab
  putU32(slab, at, id)
  slab[at + 4] = kind
  putU32(slab, at + 5, timeout)
  putU32(slab, at + 9, body.length)
  slab.set(body, at + REQUEST_HEAD_BYTES)
}

/** Hands out all requests of a frame. @throws ProtocolError when they do not end where the frame does. */
export function readRequests(frame: Uint8Array, onRequest: (request: Request) => void): void {
  let at = 0
  while (at < frame.length) {
    const start = at + REQUEST_HEAD_BYTES
    if (start > frame.length) throw new ProtocolError('a frame that ends within the head of a request')
    const end = start + getU32(frame, at + 9)
    if (end > frame.length) throw new ProtocolError('a frame that ends within a request')
    onRequest({
      id: getU32(frame, at),
      kind: frame[at + 4] as number,
      timeout: getU32(frame, at + 5),
      body: frame.subarray(start, end),
    })
    at = end
  }
}

/**
 * The request that fills a frame which was too large to be taken; its body is not there. @throws ProtocolError when the frame holds
 * more than that one: what the others are has been thrown away.
 */
export function readOversizedRequest(head: Uint8Array, frameBytes: number): Omit<Request, 'body'> & { readonly bodyBytes: number } {
  const bodyBytes = getU32(head, 9)
  if (REQUEST_HEAD_BYTES + bodyBytes !== frameBytes)
    throw new ProtocolError(`a frame of ${frameBytes} bytes is over the limit, and holds more than one request`)
  return { id: getU32(head, 0), kind: head[4] as number, timeout: getU32(head, 5), bodyBytes }
}

/** `consistency u8 | key` */
export function encodeGet(key: Uint8Array, consistency: Consistency): Uint8Array {
  const writer = new Writer(5 + key.length)
  writer.u8(ConsistencyCode[consistency])
  writer.bytes(key)
  return writer.finish()
}

export interface GetQuery {
  readonly consistency: Consistency
  readonly key: Uint8Array
}

/** @throws ProtocolError: answer `RAFT_MALFORMED` and keep the connection. */
export function decodeGet(body: Uint8Array): GetQuery {
  const reader = new Reader(body)
  const consistency = readConsistency(reader)
  const key = reader.bytes()
  reader.end()
  if (key.length === 0) throw new ProtocolError('an empty key')
  return { consistency, key }
}

/** `consistency u8 | range`, the range as in the commands. */
export function encodeRange(range: Range, consistency: Consistency): Uint8Array {
  const writer = new Writer(1 + rangeBytes(range))
  writer.u8(ConsistencyCode[consistency])
  writeRange(writer, range)
  return writer.finish()
}

/** @throws ProtocolError: answer `RAFT_MALFORMED` and keep the connection. */
export function decodeRange(body: Uint8Array): { consistency: Consistency; range: Range } {
  const reader = new Reader(body)
  const query = { consistency: readConsistency(reader), range: readRange(reader) }
  reader.end()
  return query
}

function readConsistency(reader: Reader): Consistency {
  const code = reader.u8()
  const consistency = CONSISTENCIES[code]
  if (consistency === undefined) throw new ProtocolError(`unknown consistency ${code}`)
  return consistency
}
