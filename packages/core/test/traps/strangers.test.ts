import { describe, expect, it } from 'vitest'
import type { Message } from '../../src/index.js'
import { accepted, append, heartbeat, heartbeatReply, preVoteReply, requestVote, vote } from '../support/messages.js'
import { scenario } from '../support/scenario.js'

const ofTerm = (term: number): readonly Message[] => [
  { ...requestVote(term, 99, 99), type: 'preVote' },
  requestVote(term, 99, 99),
  append({ term, terms: [term] }),
  heartbeat(term),
  preVoteReply(term),
  vote(term),
  accepted(term, 1),
  heartbeatReply(term, 1),
]

describe('issue 18: a sender that is not among the members', () => {
  it('changes nothing, of whatever type and term its message is, and is not answered', () => {
    const c = scenario({ term: 3 })
    c.elect('a')
    c.trace = []
    for (const id of ['a', 'b']) {
      const before = c.state(id).fingerprint()
      for (const term of [1, 4, 5, 99]) for (const message of ofTerm(term)) c.receive(id, 'stranger', message)
      expect(c.state(id).fingerprint()).toBe(before)
    }
    expect(c.trace).toEqual([])
  })

  it('is not voted for by a member that hears no leader', () => {
    const c = scenario()
    c.pass(10 * c.tuning.electionTimeout)
    const { currentTerm } = c.state('b')
    c.receive('b', 'stranger', requestVote(currentTerm + 1, 99, 99))
    expect([c.state('b').currentTerm, c.state('b').votedFor]).toEqual([currentTerm, null])
  })
})
