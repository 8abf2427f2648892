import { decodeCommand, encodePut } from '@raft/commands'
import { type AppendEntries, decodeMessage, EntryBatch, encodeMessage, Reader, Writer } from '@raft/core'
import type { Suite } from '../suite.js'
import { type Timed, timeInTurn } from './micro.js'
import { batchOf, PAYLOAD_BYTES, payloads } from './payloads.js'

const COUNTS = [1, 16, 256]

export const codec: Suite = {
  name: 'codec',
  description: 'What it costs to put entries, messages and commands into bytes, and to read them',
  versions: ['tinybench'],
  run: (recorder, { rounds, duration }) => timeInTurn(recorder, [...COUNTS.flatMap(ofEntries), ...ofCommands()], rounds, duration / 4),
}

function ofEntries(count: number): Timed[] {
  const commands = payloads(count)
  const entries = batchOf(1, commands)
  const message: AppendEntries = {
    type: 'appendEntries',
    group: 0,
    term: 1,
    prevLogIndex: 0,
    prevLogTerm: 0,
    leaderCommit: 0,
    entries,
  }
  const bytes = encodeMessage(message)
  const encoded = new Writer(new Uint8Array(entries.encodedLength))
  entries.encode(encoded)
  const measured = { at: `${PAYLOAD_BYTES} B each`, x: { name: 'entries', value: count } }
  const what = (name: string) => ({ ...measured, what: 'µs for each batch', by: name })
  return [
    { ...what('made of commands'), run: () => void batchOf(1, commands) },
    { ...what('AppendEntries encoded'), run: () => void encodeMessage(message) },
    { ...what('AppendEntries decoded'), run: () => void decodeMessage(bytes) },
    { ...what('read from a log'), run: () => void EntryBatch.decode(new Reader(encoded.bytes)) },
  ]
}

function ofCommands(): Timed[] {
  const key = Buffer.from('key-00000000')
  const value = payloads(1)[0] as Uint8Array
  const command = encodePut(key, value)
  const what = (by: string) => ({ what: 'µs for each command', at: `put of ${PAYLOAD_BYTES} B`, by })
  return [
    { ...what('encoded by the client'), run: () => void encodePut(key, value) },
    { ...what('decoded by the store'), run: () => void decodeCommand(command) },
  ]
}
