import type { Facts } from '../facts/facts.js'
import type { Oracle } from './oracle.js'

/** Leader Append-Only (paper, Figure 3): a leader never overwrites or deletes entries of its log. */
export function leaderAppendOnly(facts: Facts): Oracle {
  const broken = (message: string) => facts.violated('Leader Append-Only', message)
  return {
    onWrite: (id, write, isLeading) => {
      const first = write.entries[0]?.firstIndex
      if (isLeading && first !== undefined && first <= facts.log(id).issuedLastIndex) {
        broken(`${id} leads and overwrites its log from ${first} on`)
      }
    },
    onTurn: (id, status, before) => {
      if (status.role !== 'leader' || before?.role !== 'leader' || status.currentTerm !== before.currentTerm) return
      if (status.lastLogIndex < before.lastLogIndex) {
        broken(`${id}: the log of the leader ended at ${before.lastLogIndex}, now at ${status.lastLogIndex}`)
      }
    },
  }
}
