import { type AppendEntries, encodeMessage, type Message } from '@raft/core'
import { digest } from '../facts/entry-digest.js'
import type { Facts } from '../facts/facts.js'
import type { Oracle } from './oracle.js'

/** What arrives was sent, by that member to this one, byte for byte: a transport loses and repeats, and never corrupts or misdelivers. */
export function transportContract(facts: Facts): Oracle {
  const sent = new Map<string, Set<number>>()
  const between = (from: string, to: string) => {
    const key = `${from}>${to}`
    const known = sent.get(key) ?? new Set<number>()
    sent.set(key, known)
    return known
  }
  return {
    onSend: (id, to, message) => {
      between(id, to).add(messageDigest(message))
    },
    onDeliver: (id, from, message) => {
      if (!between(from, id).has(messageDigest(message)))
        facts.violated('messages arrive as sent', `${id} received a ${message.type} of term ${message.term} that ${from} never sent it`)
    },
  }
}

/** The same bytes may have been cut from a larger batch, so the batch's own layout does not count. */
function messageDigest(message: Message): number {
  if (message.type !== 'appendEntries') return bytesDigest(encodeMessage(message))
  return bytesDigest(encodeMessage(withoutEntries(message))) + entriesDigest(message)
}

function withoutEntries(message: AppendEntries): AppendEntries {
  const { entries } = message
  return { ...message, entries: entries.slice(entries.firstIndex, entries.firstIndex - 1) }
}

function entriesDigest({ entries }: AppendEntries): number {
  let result = entries.count
  for (const { firstIndex, term } of entries.runs) result = (result * 31 + firstIndex * 7 + term) % 0x1_0000_0000
  const { offsets } = entries
  const start = offsets[0] as number
  for (let i = 1; i < offsets.length; i++) result = (result * 33 + (offsets[i] as number) - start) % 0x1_0000_0000
  return result + (digest(0, entries.bytes, start, offsets[offsets.length - 1] as number) % 0x1_0000_0000)
}

function bytesDigest(bytes: Uint8Array): number {
  return digest(bytes.length, bytes, 0, bytes.length)
}
