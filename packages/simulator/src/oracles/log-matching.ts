import type { EntryBatch } from '@raft/core'
import { entryDigest } from '../facts/entry-digest.js'
import { type Facts, forEachTerm } from '../facts/facts.js'
import type { Oracle } from './oracle.js'

interface Known {
  readonly digest: number
  readonly previousTerm: number
}

/** Log Matching (paper, Figure 3): an index and a term name one entry, and one entry before it, wherever they are written or sent. */
export function logMatching(facts: Facts): Oracle {
  /** By place behind baseIndex, then by term. */
  const entries: Map<number, Known>[] = []

  const register = (batch: EntryBatch, termBefore: number | null) => {
    let previousTerm = termBefore
    forEachTerm(batch, (index, term) => {
      const place = index - facts.options.baseIndex - 1
      if (place < 0) return
      let byTerm = entries[place]
      if (byTerm === undefined) {
        byTerm = new Map()
        entries[place] = byTerm
      }
      const digest = entryDigest(batch, index)
      const known = byTerm.get(term)
      if (known === undefined) {
        if (previousTerm !== null) byTerm.set(term, { digest, previousTerm })
      } else if (known.digest !== digest || (previousTerm !== null && known.previousTerm !== previousTerm)) {
        const found = `entry ${index} of term ${term} has digest ${digest} behind term ${previousTerm}`
        facts.violated('Log Matching', `${found}, and ${known.digest} behind ${known.previousTerm} before`)
      }
      previousTerm = term
    })
  }

  return {
    onWrite: (id, write) => {
      let termBefore = facts.log(id).issuedTermAt((write.entries[0]?.firstIndex ?? 1) - 1)
      for (const batch of write.entries) {
        register(batch, termBefore)
        if (batch.count > 0) termBefore = batch.term(batch.lastIndex)
      }
    },
    onRead: (_id, batch) => register(batch, null),
    onSend: (_id, _to, message) => {
      if (message.type === 'appendEntries') register(message.entries, message.prevLogTerm)
    },
  }
}
