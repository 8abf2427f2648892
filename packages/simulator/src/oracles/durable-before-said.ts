import type { Message } from '@raft/core'
import { type Facts, forEachTerm } from '../facts/facts.js'
import type { Oracle, Speaker } from './oracle.js'

/**
 * What a member says, its disk knows (paper §5: "updated on stable storage before responding"): the term, the vote, the entries that it
 * acknowledges or claims to have when it asks for votes. And the index that counts as durable is.
 */
export function durableBeforeSaid(facts: Facts): Oracle {
  /** By leader's term: the terms of what it has sent, by index, and the last of these indexes. */
  const sentIn = new Map<number, { readonly terms: Map<number, number>; lastIndex: number }>()
  const broken = (message: string) => facts.violated('durable before said', message)

  const claims = (id: string, index: number, term: number, how: string) => {
    const stored = facts.log(id).termAt(index)
    if (stored !== term) broken(`${id} ${how} ${index} of term ${term}; its disk has term ${stored} there`)
  }

  const checkVote = (id: string, to: string, message: Message) => {
    const { currentTerm, votedFor } = facts.log(id).hardState
    if (currentTerm < message.term) broken(`${id} shows term ${message.term} in ${message.type}; its disk knows ${currentTerm}`)
    const isGrant = message.type === 'requestVoteReply' && message.voteGranted
    const candidate = message.type === 'requestVote' ? id : isGrant ? to : null
    if (candidate !== null && currentTerm === message.term && votedFor !== candidate) {
      broken(`${id} votes for ${candidate} in ${message.term}; its disk says ${votedFor}`)
    }
  }

  const checkEntries = (id: string, to: string, message: Message, speaker: Speaker) => {
    if (message.term !== speaker.currentTerm) return
    // A request that was held until its candidate had heard a leader of the same term can win nothing any more.
    if (message.type === 'requestVote' && speaker.role === 'candidate')
      claims(id, message.lastLogIndex, message.lastLogTerm, 'asks for votes with')
    if (message.type !== 'appendEntriesReply' || !message.success) return
    const { matchIndex } = message
    const sent = sentIn.get(message.term)
    if (sent === undefined || matchIndex > sent.lastIndex) {
      facts.violated('acknowledges what was sent', `${id} acknowledges ${matchIndex}, never sent in term ${message.term}`)
      return
    }
    const term = sent.terms.get(matchIndex)
    if (term !== undefined) {
      claims(id, matchIndex, term, 'acknowledges')
      return
    }
    // What stands before the entries that were sent is as good as sent, and durable first where there is much to write. The leader had
    // all of it on its disk when it asked for votes; once it knows a newer term, it may have been overwritten.
    const leader = facts.log(to)
    if (leader.hardState.currentTerm === message.term) claims(id, matchIndex, leader.termAt(matchIndex), 'acknowledges')
    else if (facts.log(id).termAt(matchIndex) === -1) broken(`${id} acknowledges ${matchIndex}; its disk has no such entry`)
  }

  return {
    onSend: (id, to, message, speaker) => {
      if (message.type === 'appendEntries') {
        const sent = sentIn.get(message.term) ?? { terms: new Map<number, number>(), lastIndex: 0 }
        sentIn.set(message.term, sent)
        sent.terms.set(message.prevLogIndex, message.prevLogTerm)
        forEachTerm(message.entries, (index, term) => sent.terms.set(index, term))
        sent.lastIndex = Math.max(sent.lastIndex, message.prevLogIndex + message.entries.count)
      }
      const isAsked = message.type === 'preVote' || (message.type === 'preVoteReply' && message.voteGranted)
      if (isAsked) return
      checkVote(id, to, message)
      checkEntries(id, to, message, speaker)
    },
    onTurn: (id, { durableIndex, lastLogIndex, lastLogTerm }) => {
      const log = facts.log(id)
      const isSame = durableIndex !== lastLogIndex || log.termAt(lastLogIndex) === lastLogTerm
      if (durableIndex <= log.lastIndex && isSame) return
      facts.violated('durable means durable', `${id} takes ${durableIndex} for durable; its disk ends at ${log.lastIndex}`)
    },
  }
}
