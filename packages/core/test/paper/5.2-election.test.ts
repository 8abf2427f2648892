import { describe, expect, it } from 'vitest'
import { append, heartbeat, requestVote, vote } from '../support/messages.js'
import { scenario } from '../support/scenario.js'

describe('paper §5.2, leader election', () => {
  it('a member starts as a follower', () => {
    expect(scenario({ term: 3 }).state('a').role).toBe('follower')
  })

  it('a follower that hears its leader stays one', () => {
    const c = scenario()
    c.elect('a')
    c.trace = []
    c.run(20 * c.tuning.electionTimeout)
    expect(c.roles()).toBe('a=leader@1 b=follower@1 c=follower@1')
    expect(c.sent('preVote')).toEqual([])
  })

  it('a follower that hears nothing raises its term, votes for itself and asks all others', () => {
    const c = scenario({ term: 2, logs: { a: [1, 2], b: [1, 2], c: [1, 2] } })
    c.rule = ({ message }) => (message.type === 'requestVote' ? 'hold' : 'deliver')
    c.stand('a')
    expect([c.state('a').role, c.state('a').currentTerm, c.state('a').votedFor]).toEqual(['candidate', 3, 'a'])
    const asked = c.trace.filter(({ message }) => message.type === 'requestVote')
    expect(asked.map(({ to }) => to)).toEqual(['b', 'c'])
    expect(asked[0]?.message).toEqual(requestVote(3, 2, 2))
  })

  it.each([
    [1, 0, 'leader'],
    [2, 0, 'candidate'],
    [2, 1, 'leader'],
    [3, 0, 'candidate'],
    [3, 1, 'leader'],
    [4, 1, 'candidate'],
    [4, 2, 'leader'],
    [5, 1, 'candidate'],
    [5, 2, 'leader'],
    [7, 2, 'candidate'],
    [7, 3, 'leader'],
  ])('of %i members, a candidate with %i votes beside its own is %s', (size, votes, role) => {
    const members = Array.from({ length: size }, (_, i) => `m${i}`)
    const c = scenario({ members })
    c.rule = ({ message }) => (message.type === 'requestVote' ? 'drop' : 'deliver')
    c.stand('m0')
    for (let i = 1; i <= votes; i++) c.receive('m0', `m${i}`, vote(1))
    expect(c.state('m0').role).toBe(role)
  })

  it('a candidate that a majority refuses follows, in the same term', () => {
    const c = scenario()
    c.rule = ({ message }) => (message.type === 'requestVote' ? 'drop' : 'deliver')
    c.stand('a')
    c.receive('a', 'b', vote(1, false))
    expect(c.state('a').role).toBe('candidate')
    c.receive('a', 'c', vote(1, false))
    expect([c.state('a').role, c.state('a').currentTerm]).toEqual(['follower', 1])
  })

  it('votes are given first come, first served, one a term, and again to who asks again', () => {
    const c = scenario()
    const ask = (from: string, term: number) => {
      c.trace = []
      c.receive('a', from, requestVote(term))
      if (c.member('a').inFlight !== null) c.completeWrite('a')
      return c.sent('requestVoteReply', 'a', from)[0]?.voteGranted
    }
    expect(ask('b', 1)).toBe(true)
    expect(ask('c', 1)).toBe(false)
    expect(ask('b', 1)).toBe(true)
    expect(ask('c', 2)).toBe(true)
  })

  it('a member that knows the leader of its term gives nobody its vote, though it has not voted', () => {
    const c = scenario()
    c.receive('a', 'b', heartbeat(1))
    expect(c.state('a').votedFor).toBeNull()
    c.receive('a', 'c', requestVote(1, 9, 9))
    c.settle()
    expect(c.sent('requestVoteReply', 'a', 'c')).toEqual([vote(1, false)])
    expect(c.state('a').votedFor).toBeNull()
  })

  it('a vote gives the candidate time: the next election is put off', () => {
    const c = scenario()
    c.pass(c.state('a').nextDeadline - c.now - 1)
    const before = c.state('a').nextDeadline
    c.receive('a', 'b', requestVote(1))
    expect(c.state('a').nextDeadline).toBeGreaterThanOrEqual(c.now + c.tuning.electionTimeout)
    expect(c.state('a').nextDeadline).toBeGreaterThan(before)
  })

  it('a refused vote does not put the next election off', () => {
    const c = scenario({ logs: { a: [1, 1] } })
    const before = c.state('a').nextDeadline
    c.pass(c.tuning.electionTimeout / 2)
    c.receive('a', 'b', requestVote(5))
    expect(c.state('a').nextDeadline).toBe(before)
  })

  it.each([
    ['AppendEntries', append({ term: 1 })],
    ['heartbeat', heartbeat(1)],
  ])('a candidate that gets an %s of its own term follows its sender', (_, message) => {
    const c = scenario()
    c.rule = ({ message: sent }) => (sent.type === 'requestVote' ? 'drop' : 'deliver')
    c.stand('a')
    c.receive('a', 'b', message)
    expect([c.state('a').role, c.state('a').currentTerm, c.state('a').leaderId, c.state('a').votedFor]).toEqual(['follower', 1, 'b', 'a'])
  })

  it('a candidate that gets an AppendEntries of an older term stays candidate', () => {
    const c = scenario({ term: 3 })
    c.rule = ({ message }) => (message.type === 'requestVote' ? 'drop' : 'deliver')
    c.stand('a')
    c.receive('a', 'b', append({ term: 3 }))
    expect(c.state('a').role).toBe('candidate')
  })

  it('a split vote ends: the candidate tries again in a new term', () => {
    const c = scenario()
    c.rule = ({ message }) => (message.type === 'requestVote' ? 'drop' : 'deliver')
    c.stand('a')
    expect(c.state('a').currentTerm).toBe(1)
    c.rule = () => 'deliver'
    c.tick('a')
    c.settle()
    expect(c.roles()).toBe('a=leader@2 b=follower@2 c=follower@2')
  })

  it('a new leader says so at once, and then again every heartbeatInterval', () => {
    const c = scenario()
    c.elect('a')
    expect(c.roles()).toBe('a=leader@1 b=follower@1 c=follower@1')
    expect(c.state('b').leaderId).toBe('a')
    c.trace = []
    c.run(10 * c.tuning.heartbeatInterval)
    expect(c.sent('heartbeat', 'a', 'b')).toHaveLength(10)
  })
})
