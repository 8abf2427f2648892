import type { EntryBatch } from '@raft/core'
import type { Facts } from '../facts/facts.js'
import type { Oracle } from './oracle.js'

interface Sent {
  term: number
  /** By index. */
  bytes: Map<number, number>
  /** By follower: of the last message. */
  last: Map<string, number>
}

/** What a leader has sent to a follower, and is not acknowledged, stays below its limit but for the last message. */
export function flowControl(facts: Facts): Oracle {
  const { maxInflightBytes } = facts.options
  const sentBy = new Map<string, Sent>()
  return {
    onSend: (id, to, message) => {
      if (message.type !== 'appendEntries') return
      let sent = sentBy.get(id)
      if (sent?.term !== message.term) {
        sent = { term: message.term, bytes: new Map(), last: new Map() }
        sentBy.set(id, sent)
      }
      sent.last.set(to, noteSizes(message.entries, sent.bytes))
    },
    onTurn: (id, { role, currentTerm, followers }) => {
      const sent = sentBy.get(id)
      if (role !== 'leader' || sent?.term !== currentTerm) return
      for (const { id: to, mode, matchIndex, nextIndex } of followers) {
        if (mode !== 'replicate') continue
        let inFlight = -(sent.last.get(to) ?? 0)
        for (let index = matchIndex + 1; index < nextIndex; index++) inFlight += sent.bytes.get(index) ?? 0
        if (inFlight >= maxInflightBytes)
          facts.violated(
            'keeps to the window',
            `${id} has ${inFlight} bytes on their way to ${to} and sends more: ${maxInflightBytes} are allowed`,
          )
      }
    },
  }
}

/** @returns how many bytes all of them have. */
function noteSizes(entries: EntryBatch, sizes: Map<number, number>): number {
  const { offsets, firstIndex } = entries
  for (let i = 0; i < entries.count; i++) sizes.set(firstIndex + i, (offsets[i + 1] as number) - (offsets[i] as number))
  return entries.byteLength
}
