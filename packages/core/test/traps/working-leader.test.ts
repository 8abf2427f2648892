import { describe, expect, it } from 'vitest'
import { preVoteReply, requestVote } from '../support/messages.js'
import { scenario } from '../support/scenario.js'

describe('pre-vote, check-quorum and timeouts', () => {
  it('trap 4: a member with a higher term and a shorter log cannot deadlock the cluster', () => {
    const c = scenario({ logs: { a: [1, 1], b: [1, 1], c: [1] } })
    c.member('c').disk.hardState = { currentTerm: 50, votedFor: null }
    c.restart('c')
    c.crash('b')
    c.run(20 * c.tuning.electionTimeout)
    expect(c.state('a').role).toBe('leader')
    expect(c.state('a').currentTerm).toBeGreaterThan(50)
  })

  it('trap 4: a pre-candidate forgets its leader', () => {
    const c = scenario()
    c.elect('a')
    c.partition(['b'])
    c.stand('b')
    expect([c.state('b').role, c.state('b').leaderId]).toEqual(['preCandidate', null])
  })

  it('trap 4: a member that was cut off does not raise its term, and disturbs nobody when it is back', () => {
    const c = scenario()
    c.elect('a')
    c.partition(['a', 'b'])
    c.run(20 * c.tuning.electionTimeout)
    expect([c.state('c').role, c.state('c').currentTerm]).toEqual(['preCandidate', 1])
    c.heal()
    c.run(5 * c.tuning.electionTimeout)
    expect(c.roles()).toBe('a=leader@1 b=follower@1 c=follower@1')
  })

  it('trap 4: a member that hears its leader grants no pre-vote', () => {
    const c = scenario()
    c.elect('a')
    c.trace = []
    c.receive('b', 'c', { ...requestVote(2, 99, 9), type: 'preVote' })
    expect(c.sent('preVoteReply')).toEqual([preVoteReply(1, false)])
    expect(c.state('b').currentTerm).toBe(1)
  })

  it('trap 4: a member whose leader has fallen silent grants one, and changes neither term nor vote', () => {
    const c = scenario({ term: 1 })
    c.receive('b', 'c', { ...requestVote(2), type: 'preVote' })
    expect(c.sent('preVoteReply')).toEqual([preVoteReply(2)])
    expect([c.state('b').currentTerm, c.state('b').votedFor, c.member('b').inFlight]).toEqual([1, null, null])
  })

  it('trap 4: no pre-vote is granted to a shorter log, nor for a term that has been', () => {
    const c = scenario({ logs: { a: [1, 2] } })
    c.receive('a', 'b', { ...requestVote(3, 9, 1), type: 'preVote' })
    c.receive('a', 'b', { ...requestVote(2, 9, 9), type: 'preVote' })
    expect(c.sent('preVoteReply').map(({ voteGranted }) => voteGranted)).toEqual([false, false])
  })

  it('trap 4: a leader of an older term learns of the newer one from a member that comes back with it', () => {
    const c = scenario()
    c.partition(['a', 'b'])
    c.elect('a')
    c.member('c').disk.hardState = { currentTerm: 9, votedFor: null }
    c.restart('c')
    c.heal()
    c.run(10 * c.tuning.electionTimeout)
    expect(c.state('c').leaderId).not.toBeNull()
    expect(c.member('c').keys()).toEqual(c.member('b').keys())
  })

  it('trap 4: refusals of a pre-vote are no promises', () => {
    const c = scenario({ term: 3 })
    c.rule = ({ message }) => (message.type === 'preVote' ? 'drop' : 'deliver')
    c.stand('a')
    c.receive('a', 'b', preVoteReply(3, false))
    expect([c.state('a').role, c.state('a').currentTerm]).toEqual(['preCandidate', 3])
    c.receive('a', 'c', preVoteReply(3, false))
    expect([c.state('a').role, c.state('a').currentTerm]).toEqual(['follower', 3])
  })

  it('trap 4: grants of a pre-vote for another term than the next elect nobody', () => {
    const c = scenario({ term: 3 })
    c.rule = ({ message }) => (message.type === 'preVote' ? 'drop' : 'deliver')
    c.stand('a')
    for (const term of [2, 3, 5, 9]) c.receive('a', 'b', preVoteReply(term))
    expect([c.state('a').role, c.state('a').currentTerm]).toEqual(['preCandidate', 3])
    c.receive('a', 'b', preVoteReply(4))
    expect([c.state('a').role, c.state('a').currentTerm]).toEqual(['candidate', 4])
  })

  it('trap 5: a leader that hears no majority steps down within an election timeout', () => {
    const c = scenario({ members: ['a', 'b', 'c', 'd', 'e'] })
    c.elect('a')
    c.run(1000)
    c.partition(['a', 'b'])
    c.run(c.tuning.electionTimeout + 2 * c.tuning.heartbeatInterval)
    expect(c.state('a').role).not.toBe('leader')
  })

  it('trap 5: a leader that hears a bare majority goes on', () => {
    const c = scenario({ members: ['a', 'b', 'c', 'd', 'e'] })
    c.elect('a')
    c.partition(['a', 'b', 'c'])
    c.run(5 * c.tuning.electionTimeout)
    expect(c.state('a').role).toBe('leader')
  })

  it('trap 6: a leader whose disk hangs gives way to another', () => {
    const c = scenario()
    c.elect('a')
    c.hang('a')
    c.propose('a', 'x')
    c.run(6 * c.tuning.electionTimeout)
    expect(c.state('a').role).not.toBe('leader')
    expect([c.state('b').role, c.state('c').role]).toContain('leader')
    c.resume('a')
    c.run(2 * c.tuning.electionTimeout)
    expect(c.member('a').applied).toEqual(['x'])
  })

  it('trap 6: a leader with nothing to write is not deposed for that', () => {
    const c = scenario()
    c.elect('a')
    c.run(20 * c.tuning.electionTimeout)
    c.propose('a', 'x')
    c.run(100)
    expect(c.roles()).toBe('a=leader@1 b=follower@1 c=follower@1')
  })

  it('trap 7: election timeouts are drawn anew every time, over the whole interval', () => {
    const c = scenario()
    c.partition()
    // After a start it asks a few times early.
    c.run(2 * c.tuning.electionTimeout)
    const drawn = new Set<number>()
    for (let i = 0; i < 200; i++) {
      c.tick('a')
      drawn.add((c.state('a').nextDeadline - c.now) / c.tuning.electionTimeout)
    }
    expect(drawn.size).toBeGreaterThan(190)
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(1)
    expect(Math.min(...drawn)).toBeLessThan(1.05)
    expect(Math.max(...drawn)).toBeGreaterThan(1.95)
    expect(Math.max(...drawn)).toBeLessThan(2)
  })

  it('trap 7: a cluster of five elects within a few timeouts, whatever the seeds', () => {
    const members = ['a', 'b', 'c', 'd', 'e']
    for (let seed = 0; seed < 100; seed++) {
      const c = scenario({ members, forkEvery: 1000 })
      members.forEach((id, i) => {
        c.member(id).seed = seed * 1000 + i
      })
      for (const id of members) c.restart(id)
      c.run(6 * c.tuning.electionTimeout)
      expect(c.roles()).toContain('leader')
    }
  })

  it('a follower whose leader has no process any more stands early, and one that lost another peer does not', () => {
    const c = scenario()
    c.elect('a')
    const before = c.state('b').nextDeadline
    c.step('b', { type: 'unreachable', peer: 'c' })
    expect([c.state('b').nextDeadline, c.state('b').leaderId]).toEqual([before, 'a'])
    c.pass(2 * c.tuning.heartbeatInterval)
    c.step('b', { type: 'unreachable', peer: 'a' })
    expect(c.state('b').leaderId).toBeNull()
    expect(c.state('b').nextDeadline).toBeLessThan(c.now + c.tuning.heartbeatInterval)
  })

  it('after a start a member stands early, and is the leader at once where there is none', () => {
    const c = scenario({ term: 2 })
    const startedAt = c.now
    c.run(2 * c.tuning.heartbeatInterval)
    expect(c.roles()).toMatch(/leader@3/)
    expect(c.now - startedAt).toBeLessThan(c.tuning.electionTimeout / 2)
  })

  it('but not before a leader that is there would have been heard, whom two members that start at once would depose', () => {
    const c = scenario()
    c.elect('a')
    for (const id of ['b', 'c']) c.crash(id)
    for (const id of ['b', 'c']) c.restart(id)
    c.run(3 * c.tuning.heartbeatInterval)
    expect(c.roles()).toBe('a=leader@1 b=follower@1 c=follower@1')
  })

  it('a member that was restarted stands early, and disturbs nobody who hears a leader', () => {
    const c = scenario()
    c.elect('a')
    c.crash('b')
    c.restart('b')
    // Its own leader is heard too late to keep it from asking.
    c.rule = ({ message }) => (message.type === 'heartbeat' ? 'drop' : 'deliver')
    c.trace = []
    c.tick('b')
    expect(c.sent('preVote', 'b', 'c')).toHaveLength(1)
    c.run(c.tuning.heartbeatInterval)
    expect(c.roles()).toBe('a=leader@1 b=follower@1 c=follower@1')
  })

  it('a follower sends its silent leader a word, so that the system can say that nobody is there', () => {
    const c = scenario()
    c.elect('a')
    c.partition(['b'])
    c.trace = []
    c.tick('b')
    expect(c.sent('heartbeatReply', 'b', 'a')).toHaveLength(1)
    expect(c.state('b').role).toBe('follower')
  })
})
