import { describe, expect, it } from 'vitest'
import { EntryKind } from '../../src/index.js'
import { requestVote } from '../support/messages.js'
import { scenario } from '../support/scenario.js'

describe('paper §6, disruptive members', () => {
  it('a member that has heard its leader within the shortest election timeout ignores requests for votes', () => {
    const c = scenario()
    c.elect('a')
    c.trace = []
    c.pass(c.tuning.electionTimeout - 1)
    c.receive('b', 'c', requestVote(9, 99, 9))
    expect([c.state('b').currentTerm, c.state('b').leaderId, c.trace]).toEqual([1, 'a', []])
    c.pass(1)
    c.receive('b', 'c', requestVote(9, 99, 9))
    expect([c.state('b').currentTerm, c.state('b').votedFor]).toEqual([9, 'c'])
  })

  it('a leader ignores them too', () => {
    const c = scenario()
    c.elect('a')
    c.receive('a', 'c', requestVote(9, 99, 9))
    expect(c.roles()).toContain('a=leader@1')
  })
})

describe('paper §8, client interaction', () => {
  it('a new leader appends a no-op at once, and with it commits what its predecessors left', () => {
    const c = scenario({ logs: { a: [1, 1], b: [1, 1], c: [1] } })
    c.elect('a')
    expect(c.member('a').keys().at(-1)).toBe(`2/${EntryKind.NoOp}/`)
    expect(c.state('a').termStartIndex).toBe(3)
    expect(c.state('a').commitIndex).toBe(3)
    expect(c.member('a').applied).toEqual(['1@1', '2@1'])
  })

  it('a leader exchanges heartbeats with a majority before it answers a read', () => {
    const c = scenario()
    c.elect('a')
    c.trace = []
    c.rule = () => 'hold'
    expect(c.read('a')).not.toBeNull()
    expect(c.sent('heartbeat')).toHaveLength(2)
    expect(c.member('a').confirmed).toEqual([])
    c.deliver(({ to }) => to === 'b')
    c.deliver(({ from }) => from === 'b')
    expect(c.member('a').confirmed).toEqual([{ ticket: 1, index: 1 }])
  })

  it('a member that does not lead takes no reads', () => {
    const c = scenario()
    c.elect('a')
    expect(c.read('b')).toBeNull()
  })
})
