import type { EntryBatch } from '@raft/core'
import { entryDigest } from '../facts/entry-digest.js'
import type { Facts } from '../facts/facts.js'
import type { Oracle } from './oracle.js'

/**
 * State Machine Safety (paper, Figure 3): no two members apply different entries at an index, in any of their lives. And each applies
 * all of them, in order, once they are durable on its own disk and on a majority's.
 */
export function stateMachineSafety(facts: Facts): Oracle {
  const checkAsCommitted = (id: string, entries: EntryBatch, index: number) => {
    const known = facts.committedAt(index)
    const term = entries.term(index)
    if (known === undefined) return commit(id, entries, index)
    const digest = entryDigest(entries, index)
    if (known.digest === digest && known.term === term) return
    const found = `${id} applies ${digest} of term ${term} at ${index}`
    facts.violated('State Machine Safety', `${found}, where ${known.digest} of term ${known.term} was applied before`)
  }

  const commit = (id: string, entries: EntryBatch, index: number) => {
    const term = entries.term(index)
    if (index !== facts.committedIndex + 1)
      facts.violated('applies in order', `${id} applies ${index} first, behind ${facts.committedIndex}`)
    facts.commit(entries, index)
    const holders = facts.members.filter((member) => facts.hasStored(member, index, term))
    if (!facts.isMajority(holders.length))
      facts.violated('committed by a majority', `${id} applies ${index} of term ${term}, which is on the disks of ${holders} only`)
  }

  return {
    onApply: (id, entries, lastApplied) => {
      if (entries.firstIndex !== lastApplied + 1)
        facts.violated('applies in order', `${id} applies ${entries.firstIndex} behind ${lastApplied}`)
      const log = facts.log(id)
      for (let index = entries.firstIndex; index <= entries.lastIndex; index++) {
        const term = entries.term(index)
        if (log.termAt(index) !== term)
          facts.violated('applies what is durable', `${id} applies ${index} of term ${term}; its disk has ${log.termAt(index)}`)
        checkAsCommitted(id, entries, index)
      }
    },
  }
}
