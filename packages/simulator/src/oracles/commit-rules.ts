import type { Facts } from '../facts/facts.js'
import type { Oracle } from './oracle.js'

/**
 * A leader commits by counting only entries of its own term (paper §5.4.2, Figure 8), and counts only what is on the follower's disk; a
 * follower commits only what it has been told of and has verified (CORRECTNESS 8, 10, 12).
 */
export function commitRules(facts: Facts): Oracle {
  /** By member: the highest index that a message of this life has let it commit. */
  const mayCommit = new Map<string, number>()

  const checkMatches = (id: string, index: number, follower: string) => {
    const own = facts.log(id).issuedTermAt(index)
    const stored = facts.log(follower).termAt(index)
    if (index > facts.options.baseIndex && own !== -1 && !facts.hasStored(follower, index, own))
      facts.violated('matchIndex is true', `${id} counts ${index} of term ${own} at ${follower}, whose disk has ${stored} there`)
  }

  return {
    onDeliver: (id, _from, message) => {
      let index = 0
      if (message.type === 'appendEntries') index = Math.min(message.leaderCommit, message.entries.lastIndex)
      else if (message.type === 'heartbeat') index = message.leaderCommit
      if (index > (mayCommit.get(id) ?? 0)) mayCommit.set(id, index)
    },
    onTurn: (id, { role, currentTerm, commitIndex, followers }, before) => {
      // What a leader of old still counts, nobody asks it.
      if (role === 'leader' && currentTerm >= facts.newestLeaderTerm) {
        for (const { id: follower, matchIndex } of followers) checkMatches(id, matchIndex, follower)
      }
      if (before === null || commitIndex === before.commitIndex || role !== before.role) return
      if (role === 'follower' && commitIndex > (mayCommit.get(id) ?? 0))
        facts.violated('commits what is verified', `${id} follows and commits ${commitIndex}; ${mayCommit.get(id) ?? 0} is verified`)
      if (role !== 'leader' || currentTerm !== before.currentTerm) return
      const term = facts.log(id).issuedTermAt(commitIndex)
      if (term !== -1 && term !== currentTerm)
        facts.violated('commits its own term only', `${id} leads term ${currentTerm} and commits ${commitIndex} of term ${term}`)
    },
  }
}
