import type { Facts } from '../facts/facts.js'
import type { Oracle } from './oracle.js'

/** Nobody raises its term to campaign before a majority has promised to vote for it (thesis §9.6). */
export function preVote(facts: Facts): Oracle {
  /** By pre-candidate and term: who has promised, and been heard. */
  const promises = new Map<string, Set<string>>()
  return {
    onDeliver: (id, from, message) => {
      if (message.type !== 'preVoteReply' || !message.voteGranted) return
      const key = `${id} ${message.term}`
      const promised = promises.get(key) ?? new Set()
      promises.set(key, promised.add(from))
    },
    onTransition: (id, { role, term }) => {
      if (role !== 'candidate') return
      const promised = 1 + (promises.get(`${id} ${term}`)?.size ?? 0)
      if (!facts.isMajority(promised))
        facts.violated('asks before it campaigns', `${id} campaigns in ${term} with ${promised} promises, its own included`)
    },
  }
}
