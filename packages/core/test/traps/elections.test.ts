import { describe, expect, it } from 'vitest'
import { append, heartbeat, preVoteReply, requestVote, vote } from '../support/messages.js'
import { scenario } from '../support/scenario.js'

describe('elections', () => {
  it('trap 1: a request for votes leaves only when term and own vote are durable', () => {
    const c = scenario()
    c.hang('a')
    c.stand('a')
    expect([c.state('a').role, c.state('a').currentTerm]).toEqual(['candidate', 1])
    expect(c.sent('requestVote')).toEqual([])
    c.completeWrite('a')
    expect(c.sent('requestVote')).toHaveLength(2)
  })

  it('trap 1: the vote for itself counts only when it is durable', () => {
    const c = scenario()
    c.hang('a')
    c.stand('a')
    c.receive('a', 'b', vote(1))
    expect(c.state('a').role).toBe('candidate')
    c.completeWrite('a')
    expect(c.state('a').role).toBe('leader')
    const alone = scenario({ members: ['a'] })
    alone.hang('a')
    alone.stand('a')
    expect(alone.state('a').role).toBe('candidate')
    alone.completeWrite('a')
    expect(alone.state('a').role).toBe('leader')
  })

  it('trap 1: a write from before the candidacy does not make the vote for itself count', () => {
    const c = scenario()
    c.hang('a')
    c.receive('a', 'b', append({ term: 1, terms: [1] }))
    c.rule = ({ message }) => (message.type === 'preVote' ? 'drop' : 'deliver')
    c.stand('a')
    c.receive('a', 'b', preVoteReply(2))
    c.receive('a', 'b', vote(2))
    c.completeWrite('a')
    expect([c.state('a').role, c.member('a').disk.hardState.currentTerm]).toEqual(['candidate', 1])
    c.completeWrite('a')
    expect(c.state('a').role).toBe('leader')
  })

  it('trap 1: a request for votes waits for every entry that it claims to have', () => {
    const c = scenario()
    c.hang('a')
    c.receive('a', 'b', append({ term: 1, terms: [1] }))
    c.receive('a', 'b', append({ term: 1, prev: [1, 1], terms: [1] }))
    expect(c.member('a').inFlight?.entries[0]?.lastIndex).toBe(1)
    c.stand('a')
    expect(c.sent('preVote')).toEqual([])
    c.completeWrite('a')
    expect(c.sent('preVote')).toEqual([])
    c.completeWrite('a')
    expect(c.sent('preVote')).toHaveLength(2)
    c.settle()
    expect(c.sent('requestVote', 'a', 'b')).toEqual([])
    c.completeWrite('a')
    expect(c.sent('requestVote', 'a', 'b')).toEqual([requestVote(2, 2, 1)])
  })

  it('trap 1: entries that arrive after the pre-vote are durable before the request claims them', () => {
    const c = scenario()
    c.hang('a')
    c.rule = ({ message }) => (message.type === 'preVoteReply' ? 'hold' : 'deliver')
    c.receive('a', 'b', append({ term: 1, terms: [1] }))
    c.receive('a', 'b', append({ term: 1, prev: [1, 1], terms: [1] }))
    c.completeWrite('a')
    c.completeWrite('a')
    c.pass(2 * c.tuning.electionTimeout)
    c.tick('a')
    c.receive('a', 'b', preVoteReply(2))
    expect(c.sent('requestVote')).toEqual([])
    c.completeWrite('a')
    expect(c.sent('requestVote', 'a', 'c')).toEqual([requestVote(2, 2, 1)])
  })

  it('trap 1: after a crash, a late grant of the same term elects nobody', () => {
    const c = scenario()
    c.rule = ({ message }) => (message.type === 'requestVoteReply' ? 'hold' : 'deliver')
    c.stand('a')
    c.crash('a')
    c.restart('a')
    c.rule = () => 'deliver'
    c.settle()
    expect(c.roles()).toBe('a=follower@1 b=follower@1 c=follower@1')
  })

  it('trap 1: an acknowledgement waits for its entries', () => {
    const c = scenario()
    c.hang('a')
    c.receive('a', 'b', append({ term: 1, terms: [1] }))
    c.receive('a', 'b', append({ term: 1, prev: [1, 1], terms: [1, 1] }))
    expect(c.sent('appendEntriesReply')).toEqual([])
    c.completeWrite('a')
    expect(c.sent('appendEntriesReply').map(({ matchIndex }) => matchIndex)).toEqual([1])
    c.completeWrite('a')
    expect(c.sent('appendEntriesReply').map(({ matchIndex }) => matchIndex)).toEqual([1, 3])
  })

  it('trap 1: an acknowledgement of entries that were stored before waits for the term it speaks of', () => {
    const c = scenario({ logs: { a: [1, 1] } })
    c.receive('a', 'b', append({ term: 2, prev: [1, 1], terms: [1] }))
    expect(c.trace).toEqual([])
    c.completeWrite('a')
    expect(c.sent('appendEntriesReply')).toMatchObject([{ term: 2, matchIndex: 2 }])
  })

  it('trap 1: an answer to a heartbeat waits for the term only, and not for entries', () => {
    const c = scenario({ term: 1 })
    c.hang('a')
    c.receive('a', 'b', append({ term: 1, terms: [1] }))
    c.receive('a', 'b', heartbeat(1))
    expect(c.sent('heartbeatReply')).toHaveLength(1)
    c.receive('a', 'b', heartbeat(2))
    expect(c.sent('heartbeatReply')).toHaveLength(1)
    c.completeWrite('a')
    expect(c.sent('heartbeatReply')).toHaveLength(1)
    c.completeWrite('a')
    expect(c.sent('heartbeatReply')).toHaveLength(2)
  })

  it('trap 2: term and vote are in one write', () => {
    const c = scenario({ term: 3 })
    c.receive('a', 'b', requestVote(7))
    expect(c.member('a').inFlight).toMatchObject({ number: 1, hardState: { currentTerm: 7, votedFor: 'b' } })
    c.crash('a', 'kept')
    expect(c.member('a').disk.hardState).toEqual({ currentTerm: 7, votedFor: 'b' })
  })

  it('trap 3: a candidate and a leader that step down in the same term keep their vote', () => {
    const c = scenario()
    c.elect('a')
    c.partition(['a'], ['b', 'c'])
    c.rule = ({ from }) => (from === 'a' ? 'deliver' : 'drop')
    c.pass(c.tuning.electionTimeout)
    c.tick('a')
    expect([c.state('a').role, c.state('a').currentTerm, c.state('a').votedFor]).toEqual(['follower', 1, 'a'])
    c.trace = []
    c.receive('a', 'c', requestVote(1, 99, 99))
    expect(c.sent('requestVoteReply')).toMatchObject([{ voteGranted: false }])
  })

  it('trap 3: answers to requests of older terms are ignored, and a voter counts once', () => {
    const c = scenario({ members: ['a', 'b', 'c', 'd', 'e'] })
    c.rule = ({ message }) => (message.type === 'requestVote' ? 'drop' : 'deliver')
    c.stand('a')
    c.tick('a')
    c.settle()
    expect([c.state('a').role, c.state('a').currentTerm]).toEqual(['candidate', 2])
    for (const from of ['b', 'c', 'd', 'e']) c.receive('a', from, vote(1))
    c.receive('a', 'b', vote(2))
    c.receive('a', 'b', vote(2))
    c.receive('a', 'b', vote(2, false))
    expect(c.state('a').role).toBe('candidate')
  })

  it("trap 3: a voter's first answer stands, whatever comes after it", () => {
    const c = scenario({ members: ['a', 'b', 'c', 'd', 'e'] })
    c.rule = ({ message }) => (message.type === 'requestVote' ? 'drop' : 'deliver')
    c.stand('a')
    c.receive('a', 'b', vote(1, false))
    c.receive('a', 'b', vote(1))
    c.receive('a', 'c', vote(1))
    expect(c.state('a').role).toBe('candidate')
    c.receive('a', 'c', vote(1, false))
    c.receive('a', 'd', vote(1))
    expect(c.state('a').role).toBe('leader')
  })

  it('trap 3: an acknowledgement of an older term counts for nothing', () => {
    const c = scenario()
    c.elect('a')
    c.elect('b')
    c.elect('a')
    const term = c.state('a').currentTerm
    c.rule = ({ message }) => (message.type === 'appendEntries' ? 'drop' : 'deliver')
    const index = c.propose('a', 'x') as number
    c.settle()
    c.receive('a', 'b', {
      type: 'appendEntriesReply',
      group: 0,
      term: term - 1,
      success: true,
      prevLogIndex: index,
      matchIndex: index,
      matchTerm: 0,
    })
    expect(c.state('a').commitIndex).toBe(index - 1)
  })
})
