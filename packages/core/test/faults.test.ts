import { describe, expect, it } from 'vitest'
import { accepted, append, heartbeatReply, requestVote, vote } from './support/messages.js'
import { scenario } from './support/scenario.js'

/** The faults of the Python design that this one began from: section 11 of the architecture. */
describe('faults of the Python design', () => {
  it('fault 1: votedFor survives a restart, and the end of a candidacy: no member votes twice in a term', () => {
    const c = scenario()
    c.receive('a', 'b', requestVote(1))
    c.completeWrite('a')
    c.crash('a')
    c.restart('a')
    c.trace = []
    c.receive('a', 'c', requestVote(1))
    expect(c.sent('requestVoteReply', 'a', 'c')).toMatchObject([{ voteGranted: false }])

    c.rule = ({ message }) => (message.type === 'requestVote' ? 'drop' : 'deliver')
    c.stand('b')
    c.stand('b')
    const { currentTerm } = c.state('b')
    c.receive('b', 'c', vote(currentTerm, false))
    c.receive('b', 'a', vote(currentTerm, false))
    expect([c.state('b').role, c.state('b').votedFor]).toEqual(['follower', 'b'])
    c.trace = []
    c.receive('b', 'c', requestVote(currentTerm, 99, 99))
    expect(c.sent('requestVoteReply', 'b', 'c')).toMatchObject([{ voteGranted: false }])
  })

  it('fault 2: a majority of four members is three, the member itself counted', () => {
    const c = scenario({ members: ['a', 'b', 'c', 'd'] })
    c.rule = ({ message }) => (message.type === 'requestVote' ? 'drop' : 'deliver')
    c.stand('a')
    c.receive('a', 'b', vote(1))
    expect(c.state('a').role).toBe('candidate')
    c.receive('a', 'c', vote(1))
    expect(c.state('a').role).toBe('leader')
  })

  it('fault 2: two of four members commit nothing', () => {
    const c = scenario({ members: ['a', 'b', 'c', 'd'] })
    c.elect('a')
    c.partition(['a', 'b'], ['c', 'd'])
    c.propose('a', 'x')
    c.settle()
    expect(c.state('a').commitIndex).toBe(1)
  })

  it('fault 3: a vote that comes twice counts once, and a grant of an older term not at all', () => {
    const c = scenario({ members: ['a', 'b', 'c', 'd', 'e'], term: 3 })
    c.rule = ({ message }) => (message.type === 'requestVote' ? 'drop' : 'deliver')
    c.stand('a')
    for (let i = 0; i < 5; i++) c.receive('a', 'b', vote(4))
    c.receive('a', 'c', vote(3))
    c.receive('a', 'd', vote(2))
    c.receive('a', 'stranger', vote(4))
    expect(c.state('a').role).toBe('candidate')
    c.receive('a', 'c', vote(4))
    expect(c.state('a').role).toBe('leader')
  })

  it('fault 4: an acknowledgement says what was verified, not the end of a divergent log', () => {
    const c = scenario({ logs: { a: [1, 1, 1, 1, 1] } })
    c.receive('a', 'b', append({ term: 2, prev: [1, 1], terms: [1] }))
    c.settle()
    expect(c.sent('appendEntriesReply', 'a', 'b')).toMatchObject([{ success: true, matchIndex: 2 }])
  })

  it('fault 5: a follower commits nothing behind the last entry that it verified against the leader', () => {
    const c = scenario({ logs: { a: [1, 1, 1, 1, 1] } })
    c.receive('a', 'b', append({ term: 2, prev: [1, 1], terms: [1], commit: 5 }))
    expect(c.state('a').commitIndex).toBe(2)
  })

  it('fault 6: each of many concurrent commands is committed at an index of its own, and none is applied before', () => {
    const c = scenario()
    c.elect('a')
    c.rule = () => 'hold'
    expect([c.propose('a', 'x'), c.propose('a', 'y', 'z'), c.propose('a', 'w')]).toEqual([2, 3, 5])
    c.completeWrite('a')
    c.completeWrite('a')
    c.finishApply('a')
    expect(c.member('a').applied).toEqual([])
    c.rule = () => 'deliver'
    c.receive('a', 'b', accepted(1, 3))
    c.finishApply('a')
    expect(c.member('a').applied).toEqual(['x', 'y'])
    c.settle()
    expect(c.member('a').applied).toEqual(['x', 'y', 'z', 'w'])
  })

  it('fault 7: a leader that was deposed and does not know it confirms no read', () => {
    const c = scenario()
    c.elect('a')
    c.partition(['a'], ['b', 'c'])
    c.elect('b')
    c.propose('b', 'newer')
    c.settle()
    expect(c.state('a').role).toBe('leader')
    expect(c.read('a')).not.toBeNull()
    c.settle()
    c.receive('a', 'a', heartbeatReply(1, 99))
    c.heal()
    c.run(3000)
    expect(c.member('a').confirmed).toEqual([])
    expect(c.state('a').role).toBe('follower')
  })

  it('fault 8: a vote leaves only when term and vote are durable, so that a crash forgets none', () => {
    const c = scenario()
    c.receive('a', 'b', requestVote(1))
    expect(c.sent('requestVoteReply')).toEqual([])
    expect(c.member('a').inFlight?.hardState).toEqual({ currentTerm: 1, votedFor: 'b' })
    c.crash('a')
    c.restart('a')
    c.receive('a', 'c', requestVote(1))
    c.completeWrite('a')
    expect(c.trace.map(({ to, message }) => [to, message])).toEqual([['c', vote(1)]])
  })

  it('fault 11: a new leader appends an entry of its own term at once, so that older ones do not wait for ever', () => {
    const c = scenario({ logs: { a: [1, 1], b: [1, 1], c: [1, 1] } })
    c.elect('b')
    expect(c.state('b').commitIndex).toBe(3)
    c.run(3 * c.tuning.heartbeatInterval)
    for (const id of ['a', 'b', 'c']) expect(c.member(id).applied).toEqual(['1@1', '2@1'])
  })
})
