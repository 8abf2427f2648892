import { describe, expect, it } from 'vitest'
import { AssertionError, completeTuning } from '../../src/index.js'
import { initialMembership, State } from '../../src/state-index.js'
import { Disk, entriesOfTerms } from '../support/disk.js'
import { accepted, append, heartbeat, heartbeatReply, requestVote, vote } from '../support/messages.js'
import { scenario } from '../support/scenario.js'

/** a leads, and everything stands still at the moment of one of its heartbeats, which all have answered. */
function atHeartbeat() {
  const c = scenario()
  c.elect('a')
  c.tick('a')
  c.settle()
  c.trace = []
  return c
}

describe('the moments of a leader', () => {
  it('are its heartbeats: none comes early, and none late', () => {
    const c = atHeartbeat()
    c.pass(c.tuning.heartbeatInterval - 1)
    c.step('a', { type: 'tick' })
    expect(c.sent('heartbeat')).toEqual([])
    c.pass(1)
    expect(c.state('a').nextDeadline).toBe(c.now)
    c.step('a', { type: 'tick' })
    expect(c.sent('heartbeat')).toHaveLength(2)
    expect(c.state('a').nextDeadline).toBe(c.now + c.tuning.heartbeatInterval)
  })

  it('include the one in which it has heard no majority for a whole election timeout, and it leads until then', () => {
    const c = atHeartbeat()
    c.partition(['a'], ['b', 'c'])
    c.run(c.tuning.electionTimeout - 1)
    expect(c.state('a').role).toBe('leader')
    c.run(1)
    expect([c.state('a').role, c.state('a').leaderId]).toEqual(['follower', null])
  })

  it('include the one in which a write has taken more than two election timeouts, and it leads until then', () => {
    const c = atHeartbeat()
    c.hang('a')
    c.propose('a', 'x')
    c.run(2 * c.tuning.electionTimeout)
    expect(c.state('a').role).toBe('leader')
    c.run(c.tuning.heartbeatInterval)
    expect(c.state('a').role).not.toBe('leader')
  })

  it('include the one in which entries that nobody acknowledges for an election timeout are sent again', () => {
    const c = atHeartbeat()
    c.rule = ({ message }) => (message.type === 'appendEntries' ? 'drop' : 'deliver')
    c.propose('a', 'x')
    c.run(c.tuning.electionTimeout - 1)
    expect(c.sent('appendEntries', 'a', 'b')).toHaveLength(1)
    c.run(1)
    expect(c.sent('appendEntries', 'a', 'b')).toHaveLength(2)
  })
})

describe('a leader', () => {
  it('takes no entries from storage that it did not ask for', () => {
    const c = scenario({ logs: { a: [1, 1, 1] } })
    c.rule = ({ message }) => (message.type === 'appendEntries' ? 'drop' : 'deliver')
    c.elect('a')
    c.step('a', { type: 'fetched', requester: 'b', entries: entriesOfTerms(1, [1, 1, 1]) })
    expect(c.state('a').progress?.get('b')).toMatchObject({ isFetching: false, fetched: null })
    c.step('a', { type: 'fetched', requester: 'z', entries: entriesOfTerms(1, [1, 1, 1]) })
    expect(c.state('a').progress?.has('z')).toBe(false)
  })

  it('asks storage once for what a follower lacks, up to what is in memory, however long that takes', () => {
    const c = scenario({ logs: { a: [1, 1, 1] } })
    c.rule = ({ message }) => (message.type === 'appendEntries' ? 'drop' : 'deliver')
    c.elect('a')
    c.receive('a', 'b', { ...accepted(2, 0), success: false, prevLogIndex: 3 })
    for (let i = 0; i < 3; i++) c.receive('a', 'b', heartbeatReply(2, 1))
    expect(c.member('a').reads).toEqual([{ requester: 'b', from: 1, to: 3, maxBytes: c.tuning.maxAppendBytes }])
  })

  it('refuses to count what nobody can have', () => {
    const c = atHeartbeat()
    expect(() => c.receive('a', 'b', accepted(1, 2))).toThrow('b acknowledges index 2, but the log ends at 1')
  })

  it('keeps in memory what a follower in the stream has not acknowledged, and no more', () => {
    const c = atHeartbeat()
    expect(c.state('a').progress?.get('b')?.mode).toBe('replicate')
    c.rule = ({ from }) => (from === 'b' ? 'hold' : 'deliver')
    c.propose('a', 'x')
    c.settle()
    expect([c.state('a').lastApplied, c.state('a').log.windowFirst]).toEqual([2, 1])
  })

  it('says what it leads from, and what it knows of whom, and nothing of that once it leads no more', () => {
    const c = atHeartbeat()
    expect([c.state('a').termStartIndex, [...(c.state('a').progress?.keys() ?? [])]]).toEqual([1, ['b', 'c']])
    expect([c.state('b').termStartIndex, c.state('b').progress]).toEqual([null, null])
    c.receive('a', 'b', vote(9, false))
    expect([c.state('a').termStartIndex, c.state('a').progress]).toEqual([null, null])
  })
})

describe('a follower', () => {
  it('sends a silent leader a word after two heartbeat intervals, and then one in each', () => {
    const c = atHeartbeat()
    c.partition(['b'])
    c.crash('a')
    c.trace = []
    c.pass(2 * c.tuning.heartbeatInterval - 1)
    c.step('b', { type: 'tick' })
    expect(c.sent('heartbeatReply', 'b')).toEqual([])
    c.pass(1)
    expect(c.state('b').nextDeadline).toBe(c.now)
    for (let i = 1; i <= 4; i++) {
      c.step('b', { type: 'tick' })
      expect(c.sent('heartbeatReply', 'b', 'a')).toHaveLength(i)
      expect(c.state('b').nextDeadline).toBe(c.now + c.tuning.heartbeatInterval)
      c.pass(c.tuning.heartbeatInterval)
    }
  })

  it('believes that its leader is gone as soon as it was silent for two heartbeat intervals, and not before', () => {
    for (const [silence, believed] of [
      [2 * 50 - 1, false],
      [2 * 50, true],
    ] as const) {
      const c = atHeartbeat()
      c.pass(silence)
      c.step('b', { type: 'unreachable', peer: 'a' })
      expect(c.state('b').leaderId).toBe(believed ? null : 'a')
    }
  })

  it('does not stand before its time, and draws a new one when it does', () => {
    const c = atHeartbeat()
    c.partition(['b'])
    while (c.state('b').role === 'follower') {
      const standsAt = c.state('b').nextDeadline
      c.now = standsAt - 1
      c.step('b', { type: 'tick' })
      expect([c.state('b').role, c.state('b').nextDeadline]).toEqual(['follower', standsAt])
      c.now = standsAt
      c.step('b', { type: 'tick' })
    }
    expect(c.state('b').nextDeadline).toBeGreaterThan(c.now)
  })

  it('acknowledges nothing while it does not know whom it follows', () => {
    const c = scenario()
    c.hang('a')
    c.receive('a', 'b', append({ term: 1, terms: [1] }))
    c.pass(2 * c.tuning.heartbeatInterval)
    c.step('a', { type: 'unreachable', peer: 'b' })
    c.trace = []
    c.receive('a', 'c', { ...requestVote(2, 0, 0), type: 'preVote' })
    c.step('a', { type: 'tick' })
    expect(c.sent('appendEntriesReply')).toEqual([])
  })
})

describe('what the algorithm rules out stops the member', () => {
  it('two leaders of one term', () => {
    const c = atHeartbeat()
    expect(() => c.receive('a', 'b', append({ term: 1 }))).toThrow('b and a both lead term 1')
    expect(() => c.receive('b', 'c', heartbeat(1))).toThrow('c and a both lead term 1')
  })

  it('a leader whose log differs in what is committed', () => {
    const c = atHeartbeat()
    c.propose('a', 'x')
    c.settle()
    c.run(c.tuning.heartbeatInterval)
    expect(c.state('b').commitIndex).toBe(2)
    expect(() => c.receive('b', 'c', append({ term: 2, prev: [1, 1], terms: [2] }))).toThrow(
      "the leader's log differs at 2, but 2 is committed",
    )
  })

  it('a state machine that is ahead of the log', () => {
    const disk = new Disk()
    disk.write({ hardState: null, entries: [entriesOfTerms(1, [1, 1])] })
    const membership = initialMembership([{ id: 'a', addresses: {} }], 'a')
    const options = { id: 'a', group: 0, membership, tuning: completeTuning({}), random: () => 0 }
    const start = (lastApplied: number) => new State(options, disk.stored(), lastApplied, 0)
    expect(() => start(3)).toThrow(AssertionError)
    expect(() => start(3)).toThrow('the state machine has applied 3, but the log ends at 2')
    const state = start(2)
    expect([state.commitIndex, state.knownCommitIndex, state.lastApplied]).toEqual([2, 2, 2])
    expect(start(0).commitIndex).toBe(0)
  })
})
