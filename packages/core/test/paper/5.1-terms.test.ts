import { describe, expect, it } from 'vitest'
import { append, heartbeat, preVoteReply, requestVote, vote } from '../support/messages.js'
import { scenario } from '../support/scenario.js'

describe('paper §5.1, terms', () => {
  it.each([
    ['an AppendEntries', append({ term: 5 })],
    ['a heartbeat', heartbeat(5)],
    ['a request for votes', requestVote(5)],
    ['a refused vote', vote(5, false)],
    ['a refused pre-vote', preVoteReply(5, false)],
  ])('a follower adopts the higher term of %s, and makes it durable', (_, message) => {
    const c = scenario({ term: 2 })
    c.receive('a', 'b', message)
    expect(c.state('a').currentTerm).toBe(5)
    c.settle()
    expect(c.member('a').disk.hardState.currentTerm).toBe(5)
  })

  it('a leader that learns of a higher term steps down', () => {
    const c = scenario()
    c.elect('a')
    c.receive('a', 'b', vote(9, false))
    expect([c.state('a').role, c.state('a').currentTerm, c.state('a').leaderId]).toEqual(['follower', 9, null])
  })

  it('a candidate that learns of a higher term steps down', () => {
    const c = scenario()
    c.rule = ({ message }) => (message.type === 'requestVote' ? 'drop' : 'deliver')
    c.stand('a')
    expect(c.state('a').role).toBe('candidate')
    c.receive('a', 'b', vote(9, false))
    expect([c.state('a').role, c.state('a').currentTerm]).toEqual(['follower', 9])
  })

  it('an AppendEntries of an older term changes nothing and is answered with the newer term', () => {
    const c = scenario({ term: 4, logs: { a: [1] } })
    c.receive('a', 'b', append({ term: 3, terms: [3, 3], commit: 2 }))
    expect([c.member('a').terms, c.state('a').commitIndex, c.state('a').leaderId]).toEqual([[1], 0, null])
    expect(c.sent('heartbeatReply', 'a', 'b').map(({ term }) => term)).toEqual([4])
  })

  it('a request for votes of an older term is refused with the newer term', () => {
    const c = scenario({ term: 4 })
    c.receive('a', 'b', requestVote(3, 9, 3))
    expect(c.sent('requestVoteReply', 'a', 'b')).toMatchObject([{ term: 4, voteGranted: false }])
    expect(c.state('a').votedFor).toBeNull()
  })

  it('a message of another group changes nothing', () => {
    const c = scenario({ term: 4 })
    c.receive('a', 'b', { ...requestVote(9), group: 1 })
    expect(c.state('a').currentTerm).toBe(4)
    expect(c.trace).toEqual([])
  })
})
