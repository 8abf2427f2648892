import type { Facts } from '../facts/facts.js'
import type { Oracle } from './oracle.js'

/**
 * Term, commitIndex and lastApplied never fall within a life of a member, and across restarts no term that it has shown does. An index
 * is applied before it is committed by nobody, and committed beyond the log by nobody.
 */
export function monotonic(facts: Facts): Oracle {
  const shownTerms = new Map<string, number>()
  const broken = (message: string) => facts.violated('monotonic', message)
  return {
    onStarted: (id, { currentTerm }) => {
      const shown = shownTerms.get(id) ?? 0
      if (currentTerm < shown) broken(`${id} starts in term ${currentTerm} after it has shown ${shown}`)
    },
    onSend: (id, _to, message) => {
      // A pre-vote asks about a term, and a promise answers with it: nobody is in it yet.
      const isAsked = message.type === 'preVote' || (message.type === 'preVoteReply' && message.voteGranted)
      if (!isAsked && message.term > (shownTerms.get(id) ?? 0)) shownTerms.set(id, message.term)
    },
    onOutcast: (id) => shownTerms.delete(id),
    onTurn: (id, { currentTerm, commitIndex, lastApplied, lastLogIndex }, before) => {
      if (commitIndex > lastLogIndex) broken(`${id} has committed ${commitIndex} in a log that ends at ${lastLogIndex}`)
      if (lastApplied > commitIndex) broken(`${id} has applied ${lastApplied}, over its commitIndex ${commitIndex}`)
      if (before === null) return
      if (currentTerm < before.currentTerm || commitIndex < before.commitIndex || lastApplied < before.lastApplied) {
        const was = `${before.currentTerm}, ${before.commitIndex}, ${before.lastApplied}`
        broken(`${id}: term, commitIndex, lastApplied ${was} became ${currentTerm}, ${commitIndex}, ${lastApplied}`)
      }
    },
  }
}
