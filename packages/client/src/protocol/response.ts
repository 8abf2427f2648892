import { getU32, Operation, ProtocolError, putU32, Reader, Writer } from '@raft/commands'
import type { FrameEncoder } from './frame-encoder.js'

/** What a response holds; a number that is not here can only come from a newer version. */
export const ResponseKind = {
  Put: Operation.put,
  Delete: Operation.delete,
  CompareAndSet: Operation.compareAndSet,
  Transaction: Operation.transaction,
  Get: Operation.get,
  Range: Operation.range,
  /** The body is JSON. */
  Status: 7,
  Error: 127,
} as const

/** Codes that a server answers with. `outcome` tells whether a retry is safe; the code tells why. */
export const ErrorCode = {
  NotLeader: 'RAFT_NOT_LEADER',
  NoLeader: 'RAFT_NO_LEADER',
  Overloaded: 'RAFT_OVERLOADED',
  TooLarge: 'RAFT_COMMAND_TOO_LARGE',
  /** Never sent: what the receiver of an answer makes of one that is over its limit. */
  AnswerTooLarge: 'RAFT_ANSWER_TOO_LARGE',
  Malformed: 'RAFT_MALFORMED',
  UnknownRequest: 'RAFT_UNKNOWN_REQUEST',
  /** The request's own deadline passed before the server began with it. */
  DeadlineExceeded: 'RAFT_DEADLINE_EXCEEDED',
  /** Appended, and what became of it cannot be said here. */
  OutcomeUnknown: 'RAFT_OUTCOME_UNKNOWN',
  /** The member is stopping. With outcome `notAppended` another member can be asked at once. */
  Stopping: 'RAFT_STOPPED',
  Internal: 'RAFT_INTERNAL',
} as const

/** `notAppended`: it certainly has not taken effect and never will. `unknown`: it may have, or may yet. */
export type Outcome = 'notAppended' | 'unknown'
const OUTCOMES: readonly (Outcome | undefined)[] = [undefined, 'notAppended', 'unknown']

export interface LeaderHint {
  readonly id: string
  /** `host:port` of its client address; null where it is not known. */
  readonly address: string | null
}

export interface ErrorResponse {
  readonly outcome: Outcome
  readonly code: string
  readonly message: string
  readonly leader: LeaderHint | null
}

/** What a member says of itself. More fields may come. */
export interface StatusResult {
  readonly memberId: string
  readonly clusterId: string
  readonly role: string
  readonly term: number
  readonly leaderId: string | null
  readonly commitIndex: number
  readonly appliedIndex: number
  readonly revision: number
  readonly members: readonly { readonly id: string; readonly addresses: Readonly<Record<string, string>> }[]
}

/** id u32 | kind u8 | length u32 */
export const RESPONSE_HEAD_BYTES = 9
/** Responses up to this kind are to writes. */
const LAST_WRITE_KIND = ResponseKind.Transaction

export function writeResponse(encoder: FrameEncoder, id: number, kind: number, body: Uint8Array): void {
  const at = encoder.reserve(RESPONSE_HEAD_BYTES + body.length)
  const slab = encoder.slab
  putU32(slab, at, id)
  slab[at + 4] = kind
  putU32(slab, at + 5, body.length)
  slab.set(body, at + RESPONSE_HEAD_BYTES)
}

/** Takes one response; `body` is a view of what arrived. */
export type OnResponse = (id: number, kind: number, body: Uint8Array) => void

/** Hands out all responses of a frame. @throws ProtocolError when they do not end where the frame does. */
export function readResponses(frame: Uint8Array, onResponse: OnResponse): void {
  let at = 0
  while (at < frame.length) {
    const start = at + RESPONSE_HEAD_BYTES
    if (start > frame.length) throw new ProtocolError('a frame that ends within the head of a response')
    const end = start + getU32(frame, at + 5)
    if (end > frame.length) throw new ProtocolError('a frame that ends within a response')
    onResponse(getU32(frame, at), frame[at + 4] as number, frame.subarray(start, end))
    at = end
  }
}

/**
 * What takes the place of a response that fills a frame which was too large to be taken: an error for that request alone. A write
 * whose result was thrown away may have failed its condition. @throws ProtocolError when the frame holds more than that one.
 */
export function readOversizedResponse(head: Uint8Array, frameBytes: number): { readonly id: number; readonly error: ErrorResponse } {
  if (RESPONSE_HEAD_BYTES + getU32(head, 5) !== frameBytes)
    throw new ProtocolError(`a frame of ${frameBytes} bytes is over the limit, and holds more than one response`)
  const isWrite = (head[4] as number) <= LAST_WRITE_KIND
  const message = `the answer has ${frameBytes} bytes, more than are taken here: ask for less at a time`
  return {
    id: getU32(head, 0),
    error: { outcome: isWrite ? 'unknown' : 'notAppended', code: ErrorCode.AnswerTooLarge, message, leader: null },
  }
}

/** `outcome u8 | code | message | has leader u8 | id | has address u8 | address` */
export function encodeError(error: ErrorResponse): Uint8Array {
  const writer = new Writer(160)
  writer.u8(OUTCOMES.indexOf(error.outcome))
  writer.string(error.code)
  writer.string(error.message)
  writer.u8(error.leader === null ? 0 : 1)
  if (error.leader !== null) {
    writer.string(error.leader.id)
    writer.u8(error.leader.address === null ? 0 : 1)
    if (error.leader.address !== null) writer.string(error.leader.address)
  }
  return writer.finish()
}

export function decodeError(body: Uint8Array): ErrorResponse {
  const reader = new Reader(body)
  const outcome = OUTCOMES[reader.u8()]
  if (outcome === undefined) throw new ProtocolError('an error of unknown outcome')
  const code = reader.string()
  const message = reader.string()
  const leader = reader.flag() ? { id: reader.string(), address: reader.flag() ? reader.string() : null } : null
  reader.end()
  return { outcome, code, message, leader }
}

export function encodeStatus(status: StatusResult): Uint8Array {
  return Buffer.from(JSON.stringify(status), 'utf8')
}

/** @throws ProtocolError when the fields named in `StatusResult` are not there. */
export function decodeStatus(body: Uint8Array): StatusResult {
  let status: unknown
  try {
    status = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8'))
  } catch (error) {
    throw new ProtocolError('a status that is not JSON', { cause: error })
  }
  if (!isStatus(status)) throw new ProtocolError('a status without the fields that one must have')
  return status
}

function isStatus(value: unknown): value is StatusResult {
  if (typeof value !== 'object' || value === null) return false
  const status = value as Record<keyof StatusResult, unknown>
  return (
    typeof status.memberId === 'string' &&
    typeof status.clusterId === 'string' &&
    typeof status.role === 'string' &&
    (status.leaderId === null || typeof status.leaderId === 'string') &&
    [status.term, status.commitIndex, status.appliedIndex, status.revision].every((field) => Number.isSafeInteger(field)) &&
    Array.isArray(status.members) &&
    status.members.every(isMember)
  )
}

function isMember(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { id, addresses } = value as { id?: unknown; addresses?: unknown }
  return (
    typeof id === 'string' &&
    typeof addresses === 'object' &&
    addresses !== null &&
    Object.values(addresses).every((address) => typeof address === 'string')
  )
}
