import { describe, expect, it } from 'vitest'
import { entriesOfTerms } from '../support/disk.js'
import { accepted, append, heartbeat, refused } from '../support/messages.js'
import { scenario } from '../support/scenario.js'

describe('replication and commit', () => {
  it('trap 8: an entry of an earlier term is not committed by counting', () => {
    const c = scenario({ logs: { a: [1, 2], b: [1, 2], c: [1] }, tuning: { maxAppendBytes: 1 } })
    c.rule = ({ message }) => (message.type === 'appendEntries' ? 'drop' : 'deliver')
    c.elect('a')
    c.receive('a', 'b', accepted(3, 2))
    c.receive('a', 'c', accepted(3, 2))
    expect(c.state('a').commitIndex).toBe(0)
    c.receive('a', 'b', accepted(3, 3))
    expect(c.state('a').commitIndex).toBe(3)
  })

  it('trap 9: a new leader appends a no-op in the turn in which it is elected', () => {
    const c = scenario()
    c.rule = ({ message }) => (message.type === 'appendEntries' ? 'hold' : 'deliver')
    c.stand('a')
    expect(c.member('a').terms).toEqual([1])
    expect(c.sent('appendEntries').map(({ entries }) => entries.kind(1))).toEqual([1, 1])
  })

  it('trap 10: an acknowledgement is prevLogIndex + number of entries, whatever lies behind', () => {
    const c = scenario({ logs: { a: [1, 1, 1, 2, 2] } })
    c.receive('a', 'b', append({ term: 3, prev: [2, 1] }))
    c.settle()
    expect(c.sent('appendEntriesReply').map(({ matchIndex }) => matchIndex)).toEqual([2])
    c.receive('a', 'b', append({ term: 3, prev: [1, 1], terms: [1, 1] }))
    c.settle()
    expect(c.sent('appendEntriesReply').map(({ matchIndex }) => matchIndex)).toEqual([2, 3])
  })

  it('trap 10: matchIndex never goes back, not for late refusals either', () => {
    const c = scenario()
    c.elect('a')
    c.propose('a', 'x', 'y')
    c.settle()
    c.receive('a', 'b', refused(1, 1, 0, 0))
    c.receive('a', 'b', refused(1, 3, 0, 0))
    expect(c.state('a').progress?.get('b')).toMatchObject({ matchIndex: 3, nextIndex: 4, mode: 'replicate' })
    c.receive('a', 'b', accepted(1, 0))
    expect(c.state('a').progress?.get('b')).toMatchObject({ matchIndex: 3, nextIndex: 4, mode: 'replicate' })
  })

  it('trap 11: a late AppendEntries truncates nothing that agrees with it', () => {
    const c = scenario()
    c.receive('a', 'b', append({ term: 1, terms: [1, 1, 1, 1] }))
    c.receive('a', 'b', append({ term: 1, terms: [1, 1] }))
    c.receive('a', 'b', append({ term: 1, prev: [1, 1] }))
    expect(c.member('a').terms).toEqual([1, 1, 1, 1])
    c.settle()
    expect(c.member('a').disk.lastIndex).toBe(4)
  })

  it('trap 12: a follower commits at most what this leader has verified, though its own log is longer', () => {
    const c = scenario({ logs: { a: [1, 1, 1, 1] } })
    c.receive('a', 'b', append({ term: 2, prev: [1, 1], commit: 4 }))
    expect(c.state('a').commitIndex).toBe(1)
    c.receive('a', 'b', append({ term: 2, prev: [1, 1], terms: [2, 2], commit: 4 }))
    expect([c.member('a').terms, c.state('a').commitIndex]).toEqual([[1, 2, 2], 3])
  })

  it('trap 12: a heartbeat says at most what its receiver has acknowledged', () => {
    const c = scenario({ logs: { c: [1, 1, 1] }, term: 1 })
    c.rule = ({ to, message }) => (to === 'b' || message.type !== 'appendEntries' ? 'deliver' : 'drop')
    c.elect('c')
    c.rule = ({ to, message }) => (to === 'a' && message.type === 'appendEntries' ? 'drop' : 'deliver')
    c.propose('c', 'x')
    c.trace = []
    c.run(300)
    expect(c.state('c').commitIndex).toBe(5)
    expect(new Set(c.sent('heartbeat', 'c', 'a').map(({ leaderCommit }) => leaderCommit))).toEqual(new Set([0]))
    expect(c.sent('heartbeat', 'c', 'b').at(-1)?.leaderCommit).toBe(5)
  })

  it('trap 12: a heartbeat that knows of more than the member has stored stops it, and says why', () => {
    const c = scenario()
    expect(() => c.receive('a', 'b', heartbeat(1, 7))).toThrow(/its storage has lost data/)
  })

  it('trap 13: a batch that comes again and again, longer than needed, does not stop the search', () => {
    const c = scenario({ logs: { a: [1, 1, 1, 4, 4, 4], b: [1, 1, 1, 2, 2, 2, 3, 3], c: [1, 1, 1, 4, 4, 4] }, term: 4 })
    c.rule = ({ message }) => (message.type === 'appendEntries' ? 'hold' : 'deliver')
    c.elect('a')
    for (let i = 0; i < 20 && c.state('a').progress?.get('b')?.matchIndex !== 7; i++) {
      const [packet] = c.drop(({ to, message }) => to === 'b' && message.type === 'appendEntries')
      if (packet === undefined) break
      for (let times = 0; times < 3; times++) c.receive('b', 'a', packet.message)
      c.settle()
    }
    expect(c.state('a').progress?.get('b')?.matchIndex).toBe(7)
    expect(c.member('b').keys()).toEqual(c.member('a').keys())
  })

  it('trap 13: a refusal that comes twice moves nextIndex once', () => {
    const c = scenario({ logs: { a: [1, 2, 3, 4, 5] }, term: 6 })
    c.rule = ({ message }) => (message.type === 'appendEntries' ? 'drop' : 'deliver')
    c.elect('a')
    c.receive('a', 'b', refused(7, 5, 3, 3))
    c.settle()
    expect(c.sent('appendEntries', 'a', 'b').at(-1)?.prevLogIndex).toBe(3)
    c.receive('a', 'b', refused(7, 5, 3, 3))
    c.settle()
    c.receive('a', 'b', refused(7, 5, 0, 0))
    c.settle()
    expect(c.sent('appendEntries', 'a', 'b').at(-1)?.prevLogIndex).toBe(3)
    expect(c.sent('appendEntries', 'a', 'b')).toHaveLength(2)
  })

  it('trap 14: when all AppendEntries in flight are lost, the leader recovers without an election', () => {
    const c = scenario({ tuning: { maxAppendBytes: 4, maxInflightMessages: 4 } })
    c.elect('a')
    c.rule = ({ message }) => (message.type === 'appendEntries' ? 'drop' : 'deliver')
    for (let i = 0; i < 20; i++) c.propose('a', `x${i}`)
    c.run(3 * c.tuning.electionTimeout)
    expect(c.state('a').commitIndex).toBe(1)
    c.rule = () => 'deliver'
    c.run(20 * c.tuning.electionTimeout)
    expect(c.roles()).toBe('a=leader@1 b=follower@1 c=follower@1')
    expect(c.member('c').applied).toHaveLength(20)
  })

  it('trap 14: lost acknowledgements are recovered from in the same way', () => {
    const c = scenario({ tuning: { maxInflightMessages: 2 } })
    c.elect('a')
    c.rule = ({ message }) => (message.type === 'appendEntriesReply' ? 'drop' : 'deliver')
    for (let i = 0; i < 20; i++) c.propose('a', `x${i}`)
    c.run(1000)
    c.rule = () => 'deliver'
    c.run(5000)
    expect(c.state('a').commitIndex).toBe(21)
    expect(c.state('a').currentTerm).toBe(1)
  })

  it('trap 14: much that is lost is sent again more and more rarely, as it may only be slow', () => {
    const c = scenario({ forkEvery: 100 })
    c.elect('a')
    c.rule = ({ to, message }) => (to === 'b' && message.type === 'appendEntries' ? 'drop' : 'deliver')
    c.propose('a', 'x'.repeat(100_000))
    c.trace = []
    c.run(31 * c.tuning.electionTimeout)
    expect(c.sent('appendEntries', 'a', 'b').length).toBeLessThanOrEqual(5)
    expect(c.sent('appendEntries', 'a', 'b').length).toBeGreaterThanOrEqual(3)
  })

  it('trap 14: a little that is lost is sent again without hesitation', () => {
    const c = scenario()
    c.elect('a')
    c.rule = ({ to, message }) => (to === 'b' && message.type === 'appendEntries' ? 'drop' : 'deliver')
    c.propose('a', 'x')
    c.trace = []
    c.run(30 * c.tuning.electionTimeout)
    expect(c.sent('appendEntries', 'a', 'b').length).toBeGreaterThanOrEqual(25)
  })

  it('a member that comes back after a long silence is served at once (found by simulation)', () => {
    const c = scenario({ forkEvery: 100 })
    c.elect('a')
    const rule = c.rule
    c.rule = ({ from, to }) => (from === 'b' || to === 'b' ? 'drop' : 'deliver')
    c.propose('a', 'x'.repeat(100_000))
    c.run(40 * c.tuning.electionTimeout)
    // What hears nothing for so long asks for votes; the silence ends with an answer to the leader, and with nothing else.
    c.rule = (packet) => (packet.message.type === 'preVote' ? 'drop' : rule(packet))
    c.run(2 * c.tuning.electionTimeout)
    expect(c.state('b').log.lastIndex).toBe(c.state('a').log.lastIndex)
  })

  it('trap 15: a write finished late marks nothing as durable that has been overwritten since', () => {
    const c = scenario()
    c.hang('a')
    c.receive('a', 'b', append({ term: 1, terms: [1, 1, 1] }))
    c.receive('a', 'c', append({ term: 2, prev: [1, 1], terms: [2, 2] }))
    expect(c.member('a').terms).toEqual([1, 2, 2])
    c.completeWrite('a')
    expect(c.state('a').log.durableIndex).toBe(1)
    expect(c.sent('appendEntriesReply', 'a', 'c')).toEqual([])
    c.completeWrite('a')
    expect(c.state('a').log.durableIndex).toBe(3)
    expect(c.sent('appendEntriesReply', 'a', 'c')).toMatchObject([{ term: 2, matchIndex: 3 }])
    expect([1, 2, 3].map((index) => c.member('a').disk.term(index))).toEqual([1, 2, 2])
  })

  it('trap 15: nor when the overwritten entries had been durable before', () => {
    const c = scenario({ logs: { a: [1, 1, 1] } })
    c.hang('a')
    c.receive('a', 'c', append({ term: 2, prev: [1, 1], terms: [2] }))
    expect(c.state('a').log.durableIndex).toBe(1)
    c.receive('a', 'b', append({ term: 3, prev: [1, 1], terms: [3] }))
    c.completeWrite('a')
    expect([c.state('a').log.durableIndex, c.member('a').disk.term(2)]).toEqual([1, 2])
    expect(c.sent('appendEntriesReply', 'a', 'b')).toEqual([])
    c.completeWrite('a')
    expect([c.state('a').log.durableIndex, c.member('a').disk.term(2)]).toEqual([2, 3])
  })

  it('trap 16: what was read back from storage is sent only while the log still has it', () => {
    const c = scenario({ logs: { a: [1, 1, 3, 3] } })
    c.rule = ({ message }) => (message.type === 'appendEntries' ? 'drop' : 'deliver')
    c.elect('a')
    c.receive('a', 'b', refused(4, 4, 0, 0))
    expect(c.member('a').reads).toMatchObject([{ requester: 'b', from: 1, to: 4 }])
    c.trace = []
    c.step('a', { type: 'fetched', requester: 'b', entries: entriesOfTerms(1, [1, 1, 2, 2]) })
    expect(c.sent('appendEntries')).toEqual([])
    expect(c.member('a').reads).toHaveLength(2)
    c.settle()
    expect(c.sent('appendEntries', 'a', 'b').map(({ entries }) => [...entries.runs])).toEqual([
      [
        { firstIndex: 1, term: 1 },
        { firstIndex: 3, term: 3 },
      ],
    ])
  })

  it('trap 16: what was read back for another place of the log is not sent', () => {
    const c = scenario({ logs: { a: [1, 1, 3, 3] } })
    c.rule = ({ message }) => (message.type === 'appendEntries' ? 'drop' : 'deliver')
    c.elect('a')
    c.receive('a', 'b', refused(4, 4, 0, 0))
    c.trace = []
    c.step('a', { type: 'fetched', requester: 'b', entries: entriesOfTerms(3, [3, 3]).slice(3, 4) })
    expect(c.sent('appendEntries')).toEqual([])
    expect(c.member('a').reads).toHaveLength(2)
  })

  it('trap 16: entries that have left memory are sent with their true terms, read back from storage', () => {
    const terms = Array.from({ length: 60 }, (_, i) => 1 + Math.floor(i / 7))
    const c = scenario({
      logs: { a: terms, b: [], c: terms },
      tuning: { maxAppendBytes: 20, maxInflightMessages: 2, maxWindowBytes: 30 },
      forkEvery: 50,
    })
    c.elect('a')
    c.run(5000)
    expect(c.member('b').keys()).toEqual(c.member('a').keys())
    for (const { prevLogIndex, prevLogTerm } of c.sent('appendEntries', 'a', 'b'))
      expect(prevLogTerm).toBe(prevLogIndex === 0 ? 0 : (terms[prevLogIndex - 1] ?? 10))
    expect(c.state('a').log.windowBytes).toBeLessThan(60)
  })

  it('trap 16: entries leave memory once they are applied and every member that keeps up has them', () => {
    const c = scenario({ members: ['a', 'b', 'c'], tuning: { maxWindowBytes: 1600 } })
    c.elect('a')
    c.settle()
    const windowBytes = () => c.state('a').log.windowBytes
    const propose = (count: number) => {
      for (let i = 0; i < count; i++) c.propose('a', 'x'.repeat(20))
      c.settle()
    }
    propose(50)
    expect(windowBytes()).toBeLessThanOrEqual(100)
    // What is not committed is not applied.
    c.rule = ({ to }) => (to === 'a' ? 'drop' : 'deliver')
    propose(50)
    expect(c.state('b').log.windowBytes).toBeGreaterThanOrEqual(50 * 21)
    c.rule = () => 'deliver'
    c.run(2000)
    expect(windowBytes()).toBeLessThanOrEqual(100)
    // What c has not acknowledged may have to be sent to it again, though it is committed and applied.
    c.rule = ({ from }) => (from === 'c' ? 'drop' : 'deliver')
    propose(50)
    expect(c.state('a').lastApplied).toBe(c.state('a').log.lastIndex)
    expect(windowBytes()).toBeGreaterThanOrEqual(50 * 21)
    // A member that is silent does not keep up, and holds nothing back.
    c.run(2000)
    expect(c.state('a').progress?.get('c')?.mode).toBe('probe')
    expect(windowBytes()).toBeLessThanOrEqual(100)
  })
})
