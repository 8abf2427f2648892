import type { Facts } from '../facts/facts.js'
import type { Oracle } from './oracle.js'

/** A member votes once in a term, in all its lives (paper §5.2); and nobody leads without the votes of a majority. */
export function oneVoteATerm(facts: Facts): Oracle {
  /** By voter and term: for whom. */
  const votes = new Map<string, string>()

  const voted = (id: string, term: number, candidate: string) => {
    const key = `${id} in ${term}`
    const before = votes.get(key)
    if (before !== undefined && before !== candidate)
      facts.violated('one vote a term', `${key} voted for ${before} and then for ${candidate}`)
    votes.set(key, candidate)
  }

  return {
    onSend: (id, to, message) => {
      if (message.type === 'requestVote') voted(id, message.term, id)
      if (message.type === 'requestVoteReply' && message.voteGranted) voted(id, message.term, to)
    },
    onTurn: (id, status, before) => {
      if (before?.currentTerm !== status.currentTerm || before.votedFor === null || before.votedFor === status.votedFor) return
      facts.violated('one vote a term', `${id} voted for ${before.votedFor} and then ${status.votedFor} in term ${status.currentTerm}`)
    },
    onTransition: (id, { role, term }) => {
      if (role !== 'leader') return
      const voters = facts.members.filter((voter) => voter === id || votes.get(`${voter} in ${term}`) === id)
      if (!facts.isMajority(voters.length)) facts.violated('elected by a majority', `${id} leads ${term}, voted for by ${voters}`)
      const { currentTerm, votedFor } = facts.log(id).hardState
      if (currentTerm === term && votedFor === id) return
      facts.violated('leads with a durable vote', `${id} leads term ${term}; its disk knows a vote for ${votedFor} in ${currentTerm}`)
    },
  }
}
