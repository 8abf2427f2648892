import { describe, expect, it } from 'vitest'
import type { PreVote } from '../../src/index.js'
import { heartbeat, preVoteReply, requestVote } from '../support/messages.js'
import { scenario } from '../support/scenario.js'

const preVote = (term: number, lastLogIndex: number, lastLogTerm: number): PreVote => ({
  ...requestVote(term, lastLogIndex, lastLogTerm),
  type: 'preVote',
})

/** a led and is gone; b and c know it, and nobody has asked yet. */
function leaderless(members = ['a', 'b', 'c']) {
  const c = scenario({ members })
  c.elect('a')
  c.run(c.tuning.heartbeatInterval)
  c.crash('a')
  c.pass(2 * c.tuning.heartbeatInterval)
  for (const id of members.slice(1)) c.step(id, { type: 'unreachable', peer: 'a' })
  c.trace = []
  c.packets = []
  return c
}

describe('hints that nobody listens at an address', () => {
  it('count for nothing as long as the leader is heard, however many of them are forged', () => {
    const c = scenario()
    c.elect('a')
    c.trace = []
    for (let i = 0; i < 200; i++) {
      c.run(c.tuning.heartbeatInterval / 7)
      for (const id of ['b', 'c']) c.step(id, { type: 'unreachable', peer: 'a' })
    }
    expect(c.roles()).toBe('a=leader@1 b=follower@1 c=follower@1')
    expect(c.sent('preVote')).toEqual([])
  })

  it('that came before the silence count when it has lasted for two heartbeat intervals', () => {
    const c = scenario()
    c.elect('a')
    c.run(c.tuning.heartbeatInterval)
    c.crash('a')
    for (const id of ['b', 'c']) c.step(id, { type: 'unreachable', peer: 'a' })
    expect([c.state('b').leaderId, c.state('c').leaderId]).toEqual(['a', 'a'])
    c.run(3 * c.tuning.heartbeatInterval)
    expect(c.roles()).toContain('leader@2')
  })

  it('are forgotten when the leader is heard again', () => {
    const c = scenario()
    c.elect('a')
    c.partition(['b'], ['c'])
    c.step('b', { type: 'unreachable', peer: 'a' })
    c.receive('b', 'a', heartbeat(1, 0, 99))
    c.trace = []
    c.tick('b')
    expect(c.state('b').leaderId).toBe('a')
    expect(c.sent('heartbeatReply', 'b', 'a')).toHaveLength(1)
  })
})

describe('a leader that restarts at once', () => {
  it('is followed no longer by those that it asks for a pre-vote, and somebody leads again before an election timeout', () => {
    const c = scenario()
    c.elect('a')
    c.run(c.tuning.heartbeatInterval)
    c.crash('a')
    c.restart('a')
    c.run(3 * c.tuning.heartbeatInterval)
    expect(c.roles()).toContain('leader@2')
  })

  it('does not lead again without what it had not written, and another member does', () => {
    const c = scenario()
    c.elect('a')
    c.run(c.tuning.heartbeatInterval)
    c.hang('a')
    c.propose('a', 'x')
    c.settle()
    expect(c.state('a').commitIndex).toBe(2)
    c.crash('a')
    c.restart('a')
    c.resume('a')
    c.run(4 * c.tuning.heartbeatInterval)
    expect([c.state('b').role, c.state('c').role]).toContain('leader')
    expect(c.member('a').keys()).toHaveLength(3)
  })

  it('is not told from what another member asks: that changes nothing for a follower that hears its leader', () => {
    const c = scenario()
    c.elect('a')
    c.trace = []
    c.receive('b', 'c', preVote(2, 1, 1))
    expect(c.sent('preVoteReply')).toEqual([preVoteReply(1, false)])
    expect(c.state('b').leaderId).toBe('a')
  })

  it('is not told from what it had asked before it led', () => {
    const c = scenario()
    c.elect('a')
    c.receive('b', 'a', preVote(1, 0, 0))
    expect(c.state('b').leaderId).toBe('a')
  })
})

describe('candidates that ask early', () => {
  it('take turns that do not overlap, beginning with another member in each term', () => {
    const firsts = new Set<string>()
    for (let term = 0; term < 6; term++) {
      const c = scenario({ term })
      c.elect('a')
      c.pass(2 * c.tuning.heartbeatInterval)
      const turn = c.tuning.heartbeatInterval / 2
      const [b, d] = ['b', 'c'].map((id) => {
        c.step(id, { type: 'unreachable', peer: 'a' })
        return c.state(id).nextDeadline - c.now
      }) as [number, number]
      expect(Math.abs(b - d)).toBeGreaterThanOrEqual(turn / 2)
      expect(Math.max(b, d)).toBeLessThan(2 * turn)
      firsts.add(b < d ? 'b' : 'c')
    }
    expect(firsts).toEqual(new Set(['b', 'c']))
  })

  it('that ask at the same moment do not split the vote: one of them gives way', () => {
    const c = leaderless()
    c.rule = () => 'hold'
    c.tick('b')
    c.tick('c')
    expect([c.state('b').role, c.state('c').role]).toEqual(['preCandidate', 'preCandidate'])
    const before = c.now
    c.rule = () => 'deliver'
    c.settle()
    expect(c.roles()).toMatch(/leader@2/)
    expect(c.now).toBe(before)
  })

  it('of five members do not either', () => {
    const c = leaderless(['a', 'b', 'c', 'd', 'e'])
    c.rule = () => 'hold'
    for (const id of ['b', 'c', 'd', 'e']) c.tick(id)
    c.rule = () => 'deliver'
    c.settle()
    expect(c.roles()).toMatch(/leader@2/)
  })

  it('give way to a log that is newer, whosever turn it is', () => {
    for (const stale of ['b', 'c']) {
      const fresh = stale === 'b' ? 'c' : 'b'
      const c = scenario({ logs: { [stale]: [1], [fresh]: [1, 1] }, term: 1 })
      c.crash('a')
      c.rule = () => 'hold'
      for (const id of [stale, fresh]) c.tick(id)
      c.rule = () => 'deliver'
      c.settle()
      expect(c.state(fresh).role).toBe('leader')
    }
  })

  it('have the only promise of a voter, for a heartbeat interval', () => {
    const c = leaderless(['a', 'b', 'c', 'd', 'e'])
    const { lastIndex, lastTerm } = c.state('b').log
    const ask = (from: string) => {
      c.trace = []
      c.receive('b', from, preVote(2, lastIndex, lastTerm))
      return c.sent('preVoteReply', 'b', from).map(({ voteGranted }) => voteGranted)
    }
    expect(ask('c')).toEqual([true])
    expect(ask('d')).toEqual([false])
    expect(ask('c')).toEqual([true])
    expect(c.state('b').nextDeadline).toBeGreaterThanOrEqual(c.now + c.tuning.heartbeatInterval)
    c.pass(c.tuning.heartbeatInterval)
    expect(ask('d')).toEqual([true])
  })

  it('do not keep a voter from asking when they ask again and again and are not elected', () => {
    const c = leaderless(['a', 'b', 'c', 'd', 'e'])
    const { lastIndex, lastTerm } = c.state('b').log
    const ask = () => c.receive('b', 'c', preVote(2, lastIndex, lastTerm))
    ask()
    const asksAt = c.state('b').nextDeadline
    c.pass(c.tuning.heartbeatInterval)
    ask()
    expect(c.sent('preVoteReply', 'b', 'c').map(({ voteGranted }) => voteGranted)).toEqual([true, true])
    expect(c.state('b').nextDeadline).toBe(asksAt)
    c.tick('b')
    expect(c.state('b').role).toBe('preCandidate')
  })

  it('that have given way do not campaign, whoever promises them a pre-vote later', () => {
    const c = leaderless(['a', 'b', 'c', 'd', 'e'])
    c.rule = () => 'hold'
    c.tick('b')
    expect(c.state('b').role).toBe('preCandidate')
    c.pass(c.tuning.heartbeatInterval)
    const { lastIndex, lastTerm } = c.state('b').log
    c.receive('b', 'c', preVote(2, lastIndex, lastTerm))
    expect(c.sent('preVoteReply', 'b', 'c')).toEqual([preVoteReply(2)])
    for (const from of ['d', 'e']) c.receive('b', from, preVoteReply(2))
    expect([c.state('b').role, c.state('b').currentTerm]).toEqual(['follower', 1])
    expect(c.state('b').nextDeadline).toBeGreaterThanOrEqual(c.now + c.tuning.heartbeatInterval)
  })

  it('that were refused ask again soon', () => {
    const c = leaderless(['a', 'b', 'c', 'd', 'e'])
    c.rule = () => 'hold'
    c.tick('b')
    for (const from of ['c', 'd', 'e']) c.receive('b', from, preVoteReply(1, false))
    expect(c.state('b').role).toBe('follower')
    expect(c.state('b').nextDeadline).toBeLessThanOrEqual(c.now + 2 * c.tuning.heartbeatInterval)
  })

  it('that learn from a refusal that their term is too old ask again soon, in the newer one', () => {
    const c = leaderless(['a', 'b', 'c', 'd', 'e'])
    c.rule = () => 'hold'
    c.tick('b')
    c.receive('b', 'c', preVoteReply(3, false))
    expect([c.state('b').role, c.state('b').currentTerm]).toEqual(['follower', 3])
    expect(c.state('b').nextDeadline).toBeLessThanOrEqual(c.now + 2 * c.tuning.heartbeatInterval)
    c.rule = () => 'deliver'
    c.run(2 * c.tuning.heartbeatInterval)
    expect(c.roles()).toContain('b=leader')
  })

  it('do not hold up another for longer than that when what they send is lost', () => {
    for (const mute of ['b', 'c']) {
      const c = leaderless()
      c.rule = ({ from }) => (from === mute ? 'drop' : 'deliver')
      c.tick(mute)
      c.rule = ({ from, message }) => (from === mute && message.type === 'preVote' ? 'drop' : 'deliver')
      c.run(4 * c.tuning.heartbeatInterval)
      expect(c.state(mute === 'b' ? 'c' : 'b').role).toBe('leader')
    }
  })

  it('ask again soon, for the others may learn a moment later that the leader is gone', () => {
    const c = leaderless()
    c.rule = ({ to }) => (to === 'c' ? 'drop' : 'deliver')
    c.tick('b')
    c.settle()
    c.trace = []
    c.rule = () => 'deliver'
    c.tick('b')
    c.settle()
    expect(c.state('b').role).toBe('leader')
    expect(c.roles()).toContain('leader@2')
  })

  it('ask early for an election timeout at most, and then as rarely as ever', () => {
    const c = leaderless()
    c.crash('c')
    c.run(c.tuning.electionTimeout)
    const early = c.sent('preVote', 'b', 'c').length
    expect(early).toBeGreaterThan(3)
    expect(early).toBeLessThan(12)
    c.run(10 * c.tuning.electionTimeout)
    expect(c.sent('preVote', 'b', 'c').length - early).toBeLessThanOrEqual(11)
  })
})
