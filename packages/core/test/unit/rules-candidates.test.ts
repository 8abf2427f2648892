import { describe, expect, it } from 'vitest'
import { append, preVoteReply, requestVote } from '../support/messages.js'
import { scenario } from '../support/scenario.js'

/** a led five members and is gone; all know it, and nothing that is sent arrives. */
function leaderless() {
  const c = scenario({ members: ['a', 'b', 'c', 'd', 'e'] })
  c.elect('a')
  c.run(c.tuning.heartbeatInterval)
  c.crash('a')
  c.pass(2 * c.tuning.heartbeatInterval)
  for (const id of ['b', 'c', 'd', 'e']) c.step(id, { type: 'unreachable', peer: 'a' })
  c.rule = () => 'hold'
  c.trace = []
  return c
}

/** b asks for pre-votes after an election timeout without a leader. */
function asksLate() {
  const c = scenario()
  c.elect('a')
  c.partition(['b'])
  while (c.state('b').role === 'follower') c.tick('b')
  return c
}

describe('a candidate', () => {
  it('waits for its answers until its time is over', () => {
    const c = scenario()
    c.rule = ({ message }) => (message.type === 'requestVote' ? 'drop' : 'deliver')
    c.stand('a')
    const end = c.state('a').nextDeadline
    c.now = end - 1
    c.step('a', { type: 'tick' })
    expect([c.state('a').role, c.state('a').nextDeadline]).toEqual(['candidate', end])
    c.rule = () => 'hold'
    c.now = end
    c.step('a', { type: 'tick' })
    expect(c.state('a').role).toBe('preCandidate')
  })
})

describe('a pre-candidate', () => {
  it('asks again when it is its turn once more, and not before, and keeps what it was promised', () => {
    const c = leaderless()
    c.tick('b')
    c.receive('b', 'c', preVoteReply(2))
    c.receive('b', 'd', preVoteReply(1, false))
    const again = c.state('b').nextDeadline
    c.trace = []
    c.now = again - 1
    c.step('b', { type: 'tick' })
    expect(c.sent('preVote')).toEqual([])
    c.now = again
    c.step('b', { type: 'tick' })
    expect(c.sent('preVote', 'b', 'd')).toHaveLength(1)
    expect(c.state('b').role).toBe('preCandidate')
    c.receive('b', 'e', preVoteReply(2))
    expect(c.state('b').role).toBe('candidate')
  })

  it('that was held up for long begins anew', () => {
    const c = leaderless()
    c.tick('b')
    c.receive('b', 'c', preVoteReply(2))
    c.pass(2 * c.tuning.electionTimeout)
    c.step('b', { type: 'tick' })
    expect(c.state('b').role).toBe('preCandidate')
    expect(c.state('b').nextDeadline).toBeGreaterThanOrEqual(c.now + c.tuning.electionTimeout)
  })

  it('comes first for a heartbeat interval, and then gives way to whoever asks', () => {
    const c = leaderless()
    // In term 2 the turn of c comes first, and that of b last.
    c.tick('c')
    const { lastIndex, lastTerm } = c.state('c').log
    const ask = () => {
      c.trace = []
      c.receive('c', 'b', { ...requestVote(2, lastIndex, lastTerm), type: 'preVote' })
      return c.sent('preVoteReply', 'c', 'b')[0]?.voteGranted
    }
    c.pass(c.tuning.heartbeatInterval - 1)
    expect(ask()).toBe(false)
    c.pass(1)
    expect(ask()).toBe(true)
  })

  it('that is refused asks no earlier than it would have, nor within a heartbeat interval', () => {
    const refuse = (beforeEnd: number | null) => {
      const c = asksLate()
      const end = c.state('b').nextDeadline
      if (beforeEnd !== null) c.now = end - beforeEnd
      for (const from of ['a', 'c']) c.receive('b', from, preVoteReply(1, false))
      expect(c.state('b').role).toBe('follower')
      return [c.state('b').nextDeadline - end, c.tuning.heartbeatInterval] as const
    }
    expect(refuse(null)[0]).toBe(0)
    const [later, heartbeatInterval] = refuse(1)
    expect(later).toBe(heartbeatInterval - 1)
  })
})

describe('a follower', () => {
  it('keeps in memory what is not on its disk, however small its memory', () => {
    const c = scenario({ tuning: { maxWindowBytes: 16 } })
    c.hang('a')
    c.receive('a', 'b', append({ term: 1, terms: [1, 1, 1, 1, 1, 1, 1, 1] }))
    expect(c.state('a').log.windowFirst).toBe(1)
    c.receive('a', 'b', append({ term: 1, prev: [8, 1], terms: [1] }))
    expect(c.state('a').log.windowFirst).toBe(1)
  })
})
