import { Reader, Writer } from './binary.js'
import { EntryBatch } from './entry-batch.js'
import { FormatError } from './errors.js'
import type { Message } from './message.js'
import type { GroupId } from './types.js'

/** The version of the message format that is written. */
export const MESSAGE_VERSION = 1

const TYPES = [
  'preVote',
  'preVoteReply',
  'requestVote',
  'requestVoteReply',
  'appendEntries',
  'appendEntriesReply',
  'heartbeat',
  'heartbeatReply',
] as const
const CODES = Object.fromEntries(TYPES.map((type, code) => [type, code])) as Record<Message['type'], number>

/** version u8, type u8, group u32, term u64. */
const HEADER_BYTES = 14

/** How many bytes `encodeMessage` will write. */
export function encodedMessageLength(message: Message): number {
  switch (message.type) {
    case 'preVote':
    case 'requestVote':
    case 'heartbeat':
      return HEADER_BYTES + 16
    case 'preVoteReply':
    case 'requestVoteReply':
      return HEADER_BYTES + 1
    case 'appendEntries':
      return HEADER_BYTES + 24 + message.entries.encodedLength
    case 'appendEntriesReply':
      return HEADER_BYTES + 25
    case 'heartbeatReply':
      return HEADER_BYTES + 8
  }
}

/** Writes the message into `target` from `offset` on, and returns the offset behind it. */
export function encodeMessageInto(message: Message, target: Uint8Array, offset: number): number {
  const writer = new Writer(target, offset)
  writer.u8(MESSAGE_VERSION)
  writer.u8(CODES[message.type])
  writer.u32(message.group)
  writer.u64(message.term)
  switch (message.type) {
    case 'preVote':
    case 'requestVote':
      writer.u64(message.lastLogIndex)
      writer.u64(message.lastLogTerm)
      break
    case 'preVoteReply':
    case 'requestVoteReply':
      writer.u8(message.voteGranted ? 1 : 0)
      break
    case 'appendEntries':
      writer.u64(message.prevLogIndex)
      writer.u64(message.prevLogTerm)
      writer.u64(message.leaderCommit)
      message.entries.encode(writer)
      break
    case 'appendEntriesReply':
      writer.u8(message.success ? 1 : 0)
      writer.u64(message.prevLogIndex)
      writer.u64(message.matchIndex)
      writer.u64(message.matchTerm)
      break
    case 'heartbeat':
      writer.u64(message.leaderCommit)
      writer.u64(message.round)
      break
    case 'heartbeatReply':
      writer.u64(message.round)
      break
  }
  return writer.position
}

export function encodeMessage(message: Message): Uint8Array {
  const bytes = new Uint8Array(encodedMessageLength(message))
  encodeMessageInto(message, bytes, 0)
  return bytes
}

/**
 * Reads one message, which must be all of `bytes`. Entries stay views of `bytes`, which must not be written to afterwards.
 * @throws FormatError for anything that `encodeMessage` does not write.
 */
export function decodeMessage(bytes: Uint8Array): Message {
  const reader = new Reader(bytes)
  const version = reader.u8()
  if (version !== MESSAGE_VERSION) throw new FormatError(`a message of version ${version}; this member reads version ${MESSAGE_VERSION}`)
  const code = reader.u8()
  const type = TYPES[code]
  if (type === undefined) throw new FormatError(`a message of unknown type ${code}`)
  const group = reader.u32()
  const term = reader.u64()
  const message = decodeBody(reader, type, group, term)
  reader.end()
  return message
}

function decodeBody(reader: Reader, type: Message['type'], group: GroupId, term: number): Message {
  switch (type) {
    case 'preVote':
    case 'requestVote':
      return { type, group, term, lastLogIndex: reader.u64(), lastLogTerm: reader.u64() }
    case 'preVoteReply':
    case 'requestVoteReply':
      return { type, group, term, voteGranted: readBoolean(reader) }
    case 'appendEntries': {
      const prevLogIndex = reader.u64()
      const prevLogTerm = reader.u64()
      const leaderCommit = reader.u64()
      const entries = EntryBatch.decode(reader)
      checkEntries(term, prevLogIndex, prevLogTerm, entries)
      return { type, group, term, prevLogIndex, prevLogTerm, leaderCommit, entries }
    }
    case 'appendEntriesReply':
      return {
        type,
        group,
        term,
        success: readBoolean(reader),
        prevLogIndex: reader.u64(),
        matchIndex: reader.u64(),
        matchTerm: reader.u64(),
      }
    case 'heartbeat':
      return { type, group, term, leaderCommit: reader.u64(), round: reader.u64() }
    case 'heartbeatReply':
      return { type, group, term, round: reader.u64() }
  }
}

function checkEntries(term: number, prevLogIndex: number, prevLogTerm: number, entries: EntryBatch): void {
  if (entries.firstIndex !== prevLogIndex + 1)
    throw new FormatError(`entries from ${entries.firstIndex} on behind prevLogIndex ${prevLogIndex}`)
  const first = entries.runs[0]?.term ?? prevLogTerm
  const last = entries.runs.at(-1)?.term ?? prevLogTerm
  if (prevLogTerm > first || last > term)
    throw new FormatError(`entries of terms ${first} to ${last} behind term ${prevLogTerm}, in a message of term ${term}`)
}

function readBoolean(reader: Reader): boolean {
  const value = reader.u8()
  if (value > 1) throw new FormatError(`${value} where 0 or 1 was due`)
  return value === 1
}
