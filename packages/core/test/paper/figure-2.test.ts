import { describe, expect, it } from 'vitest'
import { accepted, append, refused, requestVote, vote } from '../support/messages.js'
import { scenario } from '../support/scenario.js'

/** Figure 2 of the extended Raft paper, in its order. Where this Raft does more than the figure says, the rule is named. */

describe('paper Figure 2: state', () => {
  it('currentTerm and votedFor are persistent, and written before the member answers', () => {
    const c = scenario()
    c.hang('a')
    c.receive('a', 'b', requestVote(1))
    expect(c.sent('requestVoteReply', 'a')).toEqual([])
    c.completeWrite('a')
    expect(c.member('a').disk.hardState).toEqual({ currentTerm: 1, votedFor: 'b' })
    expect(c.sent('requestVoteReply', 'a', 'b')).toMatchObject([{ voteGranted: true }])
  })

  it('the log is persistent, and written before the member answers', () => {
    const c = scenario()
    c.hang('a')
    c.receive('a', 'b', append({ term: 1, terms: [1] }))
    c.completeWrite('a')
    expect(c.sent('appendEntriesReply', 'a', 'b')).toMatchObject([{ success: true, matchIndex: 1 }])
    expect(c.member('a').disk.term(1)).toBe(1)
  })

  it('commitIndex and lastApplied are volatile: 0 after a restart, and found out anew', () => {
    const c = scenario()
    c.elect('a')
    c.propose('a', 'x')
    c.run(1000)
    c.crash('b')
    c.restart('b')
    expect([c.state('b').commitIndex, c.state('b').lastApplied]).toEqual([0, 0])
    c.run(1000)
    expect([c.state('b').commitIndex, c.state('b').lastApplied]).toEqual([2, 2])
  })

  it('nextIndex begins at the last log index + 1, matchIndex at 0', () => {
    const c = scenario({ logs: { a: [1, 1, 1], b: [1, 1, 1], c: [1, 1, 1] } })
    c.rule = ({ message }) => (message.type === 'appendEntries' ? 'hold' : 'deliver')
    c.elect('a')
    expect(c.sent('appendEntries', 'a', 'b')).toMatchObject([{ prevLogIndex: 3 }])
    expect(c.state('a').progress?.get('b')?.matchIndex).toBe(0)
  })
})

describe('paper Figure 2: AppendEntries, receiver', () => {
  it('1. does not accept a term below currentTerm', () => {
    const c = scenario({ term: 3 })
    c.receive('a', 'b', append({ term: 2, terms: [2] }))
    c.settle()
    expect(c.member('a').terms).toEqual([])
    expect(c.sent('appendEntriesReply', 'a')).toEqual([])
  })

  it('2. refuses where the log has no entry of prevLogTerm at prevLogIndex', () => {
    const c = scenario({ logs: { a: [1, 1] } })
    c.receive('a', 'b', append({ term: 3, prev: [2, 2], terms: [3] }))
    c.settle()
    expect(c.sent('appendEntriesReply', 'a', 'b')).toMatchObject([{ success: false }])
    expect(c.member('a').terms).toEqual([1, 1])
  })

  it('3. deletes an entry that conflicts, and all that follow it', () => {
    const c = scenario({ logs: { a: [1, 1, 1, 1] } })
    c.receive('a', 'b', append({ term: 2, prev: [1, 1], terms: [2] }))
    expect(c.member('a').terms).toEqual([1, 2])
  })

  it('4. appends what is not already there', () => {
    const c = scenario({ logs: { a: [1, 1] } })
    c.receive('a', 'b', append({ term: 2, prev: [1, 1], terms: [1, 2, 2] }))
    expect(c.member('a').terms).toEqual([1, 1, 2, 2])
  })

  it('5. commits the lesser of leaderCommit and the last new entry', () => {
    const c = scenario()
    c.receive('a', 'b', append({ term: 1, terms: [1, 1], commit: 1 }))
    expect(c.state('a').commitIndex).toBe(1)
    c.receive('a', 'b', append({ term: 1, prev: [2, 1], terms: [1], commit: 7 }))
    expect(c.state('a').commitIndex).toBe(3)
  })
})

describe('paper Figure 2: RequestVote, receiver', () => {
  it('1. refuses a term below currentTerm', () => {
    const c = scenario({ term: 3 })
    c.receive('a', 'b', requestVote(2, 9, 2))
    expect(c.sent('requestVoteReply', 'a', 'b')).toMatchObject([{ term: 3, voteGranted: false }])
  })

  it.each([
    ['the last term decides', 1, 2, true],
    ['at equal terms the longer log', 3, 1, true],
    ['an equal log will do', 2, 1, true],
    ['a shorter log will not', 1, 1, false],
  ])('2. votes for a log at least as up to date: %s', (_, lastLogIndex, lastLogTerm, voteGranted) => {
    const c = scenario({ logs: { a: [1, 1] }, term: 2 })
    c.receive('a', 'b', requestVote(3, lastLogIndex, lastLogTerm))
    c.settle()
    expect(c.sent('requestVoteReply', 'a', 'b')).toMatchObject([{ term: 3, voteGranted }])
  })

  it('2. votes once a term, for the same candidate again', () => {
    const c = scenario()
    c.receive('a', 'b', requestVote(1))
    c.receive('a', 'c', requestVote(1))
    c.receive('a', 'b', requestVote(1))
    c.settle()
    expect(c.sent('requestVoteReply', 'a').map(({ voteGranted }) => voteGranted)).toEqual([true, false, true])
  })
})

describe('paper Figure 2: rules for servers', () => {
  it('all: applies what is committed, in order', () => {
    const c = scenario()
    c.receive('a', 'b', append({ term: 1, terms: [1, 1, 1], commit: 2 }))
    c.settle()
    expect(c.member('a').applied).toEqual(['1@1', '2@1'])
  })

  it('all: a higher term in any message makes a follower of it', () => {
    const c = scenario()
    c.elect('a')
    c.receive('a', 'b', refused(8, 1, 0, 0))
    expect(c.roles()).toContain('a=follower@8')
  })

  it('followers: stand for election after a silent election timeout', () => {
    const c = scenario()
    c.elect('b')
    const heardAt = c.now
    c.partition(['a'])
    while (c.state('a').role === 'follower') c.tick('a')
    expect(c.now - heardAt).toBeGreaterThanOrEqual(c.tuning.electionTimeout)
    expect(c.now - heardAt).toBeLessThan(2 * c.tuning.electionTimeout)
    // With a pre-vote first (thesis §9.6).
    expect([c.state('a').role, c.state('a').currentTerm]).toEqual(['preCandidate', 1])
  })

  it('candidates: raise the term, vote for themselves, draw a new timeout, and ask all others', () => {
    const c = scenario()
    c.rule = ({ message }) => (message.type === 'requestVote' ? 'hold' : 'deliver')
    c.stand('a')
    expect([c.state('a').role, c.state('a').currentTerm, c.state('a').votedFor]).toEqual(['candidate', 1, 'a'])
    expect(c.state('a').nextDeadline - c.now).toBeGreaterThanOrEqual(c.tuning.electionTimeout)
    expect([c.sent('requestVote', 'a', 'b').length, c.sent('requestVote', 'a', 'c').length]).toEqual([1, 1])
  })

  it('candidates: lead with the votes of a majority', () => {
    const c = scenario({ members: ['a', 'b', 'c', 'd', 'e'] })
    c.rule = ({ message }) => (message.type === 'requestVote' ? 'drop' : 'deliver')
    c.stand('a')
    c.receive('a', 'b', vote(1))
    expect(c.state('a').role).toBe('candidate')
    c.receive('a', 'c', vote(1))
    expect(c.state('a').role).toBe('leader')
  })

  it('candidates: follow a leader of their term', () => {
    const c = scenario()
    c.rule = ({ message }) => (message.type === 'requestVote' ? 'drop' : 'deliver')
    c.stand('a')
    c.receive('a', 'b', append({ term: 1 }))
    expect([c.state('a').role, c.state('a').leaderId]).toEqual(['follower', 'b'])
  })

  it('leaders: say so at once, and again in every idle period', () => {
    const c = scenario()
    c.elect('a')
    c.trace = []
    c.run(10 * c.tuning.heartbeatInterval)
    expect(c.sent('heartbeat', 'a', 'b').length).toBeGreaterThanOrEqual(9)
    expect(c.state('b').leaderId).toBe('a')
  })

  it('leaders: append what clients ask for, and send it to whoever lacks it', () => {
    const c = scenario()
    c.elect('a')
    c.propose('a', 'x')
    expect(c.sent('appendEntries', 'a', 'b').at(-1)).toMatchObject({ prevLogIndex: 1, entries: { firstIndex: 2 } })
  })

  it('leaders: set nextIndex and matchIndex by what is acknowledged, and go back where it is refused', () => {
    const c = scenario({ logs: { a: [1, 1, 1], b: [1, 1, 1], c: [1] } })
    c.rule = ({ from, message }) => (from === 'c' && message.type === 'appendEntriesReply' ? 'hold' : 'deliver')
    c.elect('a')
    expect(c.state('a').progress?.get('b')).toMatchObject({ matchIndex: 4, nextIndex: 5 })
    c.trace = []
    c.rule = () => 'deliver'
    c.settle()
    expect(c.sent('appendEntries', 'a', 'c').at(0)).toMatchObject({ prevLogIndex: 1 })
    expect(c.state('a').progress?.get('c')).toMatchObject({ matchIndex: 4, nextIndex: 5 })
  })

  it('leaders: commit an index that a majority has, if its entry is of the current term', () => {
    const c = scenario({ logs: { a: [1, 1], b: [1, 1], c: [1, 1] } })
    c.rule = ({ message }) => (message.type === 'appendEntries' ? 'drop' : 'deliver')
    c.elect('a')
    c.receive('a', 'b', accepted(c.state('a').currentTerm, 2))
    expect(c.state('a').commitIndex).toBe(0)
    c.rule = () => 'deliver'
    c.run(2000)
    expect(c.state('a').commitIndex).toBe(3)
  })
})
