import { describe, expect, it } from 'vitest'
import { entriesOfTerms } from '../support/disk.js'
import { accepted, append, heartbeat, refused, requestVote } from '../support/messages.js'
import { scenario } from '../support/scenario.js'

/** a leads, and b hears nothing of it any more. */
function cutOff() {
  const c = scenario()
  c.elect('a')
  c.partition(['b'])
  return c
}

describe('what a follower makes of hints and promises', () => {
  it('another peer that is gone says nothing about a leader that is silent', () => {
    const c = cutOff()
    c.step('b', { type: 'unreachable', peer: 'c' })
    c.pass(2 * c.tuning.heartbeatInterval)
    c.step('b', { type: 'unreachable', peer: 'c' })
    expect(c.state('b').leaderId).toBe('a')
    c.tick('b')
    expect(c.state('b').leaderId).toBe('a')
  })

  it('who is promised a pre-vote gets the time of a heartbeat to win, also where no election is under way', () => {
    const alone = cutOff()
    while (alone.state('b').role === 'follower') alone.tick('b')
    const standsAt = alone.now
    const c = cutOff()
    while (c.state('b').nextDeadline < standsAt) c.tick('b')
    c.now = standsAt - 1
    c.receive('b', 'c', { ...requestVote(2, 1, 1), type: 'preVote' })
    expect(c.sent('preVoteReply', 'b', 'c')).toMatchObject([{ voteGranted: true }])
    const roleAt = (time: number) => {
      c.now = time
      c.step('b', { type: 'tick' })
      return c.state('b').role
    }
    const end = standsAt - 1 + c.tuning.heartbeatInterval
    expect([roleAt(standsAt), roleAt(end - 1), roleAt(end)]).toEqual(['follower', 'follower', 'preCandidate'])
  })
})

describe('what a follower verifies', () => {
  it('is also the entry that its log begins behind', () => {
    const c = scenario({ baseIndex: 7, baseTerm: 3, logs: { a: [3] } })
    c.receive('a', 'b', append({ term: 5, prev: [7, 4], terms: [5] }))
    c.settle()
    expect(c.sent('appendEntriesReply', 'a')).toMatchObject([{ success: false, prevLogIndex: 7 }])
    expect(c.member('a').terms).toEqual([3])
    c.receive('a', 'b', append({ term: 5, prev: [7, 3], terms: [5] }))
    c.settle()
    expect(c.member('a').terms).toEqual([5])
  })

  it('is acknowledged up to the furthest of several messages of one turn, whatever their order', () => {
    const c = scenario()
    const { state } = c.member('a')
    for (const terms of [
      [1, 1, 1],
      [1, 1],
    ])
      state.step({ type: 'message', from: 'b', message: append({ term: 1, terms }) }, c.now)
    const { messages } = state.takeEffects()
    expect(messages.map(({ message }) => message)).toMatchObject([{ type: 'appendEntriesReply', success: true, matchIndex: 3 }])
  })

  it('is acknowledged again half a heartbeat interval after the last time, and no earlier', () => {
    const c = scenario()
    c.receive('a', 'b', append({ term: 1, terms: [1, 1] }))
    c.settle()
    c.drop()
    c.trace = []
    c.pass(c.tuning.heartbeatInterval / 2 - 1)
    c.receive('a', 'b', heartbeat(1, 0))
    expect(c.sent('appendEntriesReply')).toEqual([])
    c.pass(1)
    c.receive('a', 'b', heartbeat(1, 0))
    expect(c.sent('appendEntriesReply')).toMatchObject([{ matchIndex: 2 }])
  })
})

describe('what a leader sends', () => {
  it('begins where the follower ends by now, though storage was asked for more', () => {
    const c = scenario({ logs: { a: [1, 1, 1, 1] } })
    c.rule = ({ message }) => (message.type === 'appendEntries' ? 'drop' : 'deliver')
    c.elect('a')
    c.receive('a', 'b', refused(2, 4, 0, 0))
    expect(c.member('a').reads).toMatchObject([{ requester: 'b', from: 1, to: 4 }])
    c.receive('a', 'b', accepted(2, 2))
    c.trace = []
    c.step('a', { type: 'fetched', requester: 'b', entries: entriesOfTerms(1, [1, 1, 1, 1]) })
    const [sent] = c.sent('appendEntries', 'a', 'b')
    expect([sent?.prevLogIndex, sent?.entries.firstIndex, sent?.entries.lastIndex]).toEqual([2, 3, 4])
  })

  it('goes on where a follower that refuses names an index beyond the log', () => {
    const c = scenario()
    c.elect('a')
    c.receive('a', 'b', refused(1, 1, 99, 1))
    expect(c.state('a').role).toBe('leader')
  })

  it('may leave memory once every follower in the stream has acknowledged it, and not before', () => {
    const c = scenario({ tuning: { maxWindowBytes: 16 } })
    c.elect('a')
    c.rule = ({ from }) => (from === 'b' ? 'hold' : 'deliver')
    c.propose('a', 'x')
    c.settle()
    expect([c.state('a').lastApplied, c.state('a').log.windowFirst]).toEqual([2, 2])
    c.rule = () => 'deliver'
    c.settle()
    expect(c.state('a').log.windowFirst).toBe(3)
  })
})
