import type { Facts } from '../facts/facts.js'
import type { Oracle } from './oracle.js'

/** Leader Completeness (paper, Figure 3): whoever leads has every entry that was committed before. */
export function leaderCompleteness(facts: Facts): Oracle {
  return {
    onTransition: (id, { role, term }) => {
      if (role !== 'leader') return
      const last = facts.lastCommitted
      // A member that was slow may take up an older term's leadership after the fact; it owes only what was committed before.
      if (term < facts.newestLeaderTerm || last === undefined) return
      const index = facts.committedIndex
      const own = facts.log(id).termAt(index)
      if (own !== last.term) {
        facts.violated('Leader Completeness', `${id} leads term ${term} with term ${own} at ${index}, committed in term ${last.term}`)
      }
    },
  }
}
