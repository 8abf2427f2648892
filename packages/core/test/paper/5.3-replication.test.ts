import { describe, expect, it } from 'vitest'
import { accepted, append, heartbeat } from '../support/messages.js'
import { scenario } from '../support/scenario.js'

describe('paper §5.3, log replication', () => {
  it('a leader appends a command, sends it to all in one AppendEntries each, and writes it at the same time', () => {
    const c = scenario()
    c.elect('a')
    c.trace = []
    c.hang('a')
    expect(c.propose('a', 'x', 'y')).toBe(2)
    expect(c.sent('appendEntries').map(({ prevLogIndex, entries }) => [prevLogIndex, entries.count])).toEqual([
      [1, 2],
      [1, 2],
    ])
    expect(c.member('a').inFlight?.entries[0]?.count).toBe(2)
  })

  it('a member that does not lead appends nothing', () => {
    const c = scenario()
    c.elect('a')
    expect(c.propose('b', 'x')).toBeNull()
    expect(c.member('b').terms).toEqual([1])
  })

  it('an entry is committed once a majority has it, and applied by all in the order of the log', () => {
    const c = scenario({ members: ['a', 'b', 'c', 'd', 'e'] })
    c.elect('a')
    c.rule = ({ message }) => (message.type === 'appendEntriesReply' ? 'hold' : 'deliver')
    c.propose('a', 'x')
    c.settle()
    c.deliver(({ from, message }) => from === 'b' && message.type === 'appendEntriesReply')
    expect(c.state('a').commitIndex).toBe(1)
    c.deliver(({ from, message }) => from === 'c' && message.type === 'appendEntriesReply')
    expect(c.state('a').commitIndex).toBe(2)
    c.rule = () => 'deliver'
    c.propose('a', 'y', 'z')
    c.run(200)
    for (const id of ['a', 'b', 'c', 'd', 'e']) expect(c.member(id).applied).toEqual(['x', 'y', 'z'])
  })

  it('the leader counts itself only when its own write is durable', () => {
    const c = scenario({ members: ['a', 'b', 'c', 'd'] })
    c.elect('a')
    c.hang('a')
    c.propose('a', 'x')
    c.rule = ({ to }) => (to === 'd' ? 'drop' : 'deliver')
    c.settle()
    expect(c.state('a').commitIndex).toBe(1)
    c.resume('a')
    c.settle()
    expect(c.state('a').commitIndex).toBe(2)
  })

  it('a majority of followers commits without the leader, which applies only what is on its own disk', () => {
    const c = scenario()
    c.elect('a')
    c.hang('a')
    c.propose('a', 'x')
    c.settle()
    expect([c.state('a').commitIndex, c.state('a').lastApplied]).toEqual([2, 1])
    c.resume('a')
    c.settle()
    expect(c.state('a').lastApplied).toBe(2)
  })

  it('a follower refuses entries that do not follow what it has, and says where the logs may agree', () => {
    const c = scenario({ logs: { a: [1, 1, 2] } })
    c.receive('a', 'b', append({ term: 4, prev: [5, 3], terms: [4] }))
    c.settle()
    expect(c.sent('appendEntriesReply', 'a', 'b')).toMatchObject([{ success: false, prevLogIndex: 5, matchIndex: 3, matchTerm: 2 }])
    expect(c.member('a').terms).toEqual([1, 1, 2])
  })

  it('a follower replaces what conflicts, from the first conflict on, and nothing before', () => {
    const c = scenario({ logs: { a: [1, 1, 2, 2, 2] } })
    c.receive('a', 'b', append({ term: 4, prev: [1, 1], terms: [1, 2, 3] }))
    expect(c.member('a').terms).toEqual([1, 1, 2, 3])
  })

  it('appends at the very beginning of the log always fit', () => {
    const c = scenario({ logs: { a: [1, 1] } })
    c.receive('a', 'b', append({ term: 2, terms: [2] }))
    expect(c.member('a').terms).toEqual([2])
  })

  it('a follower commits what the leader says is committed, as far as it has it', () => {
    const c = scenario()
    c.receive('a', 'b', append({ term: 1, terms: [1, 1], commit: 1 }))
    expect(c.state('a').commitIndex).toBe(1)
    c.receive('a', 'b', append({ term: 1, prev: [2, 1], terms: [1], commit: 9 }))
    expect(c.state('a').commitIndex).toBe(3)
    c.settle()
    c.receive('a', 'b', heartbeat(1, 3))
    expect(c.member('a').applied).toEqual(['1@1', '2@1', '3@1'])
  })

  it('a follower that was away gets everything it lacks, in batches', () => {
    const c = scenario({ tuning: { maxAppendBytes: 64 } })
    c.elect('a')
    c.partition(['a', 'b'])
    for (let i = 0; i < 100; i++) c.propose('a', `command ${i}`)
    c.settle()
    c.heal()
    c.trace = []
    c.run(3000)
    expect(c.member('c').applied).toEqual(c.member('a').applied)
    expect(c.member('c').applied).toHaveLength(100)
    expect(c.sent('appendEntries', 'a', 'c').length).toBeLessThan(60)
  })

  it('AppendEntries that come twice, late or in the wrong order do no harm', () => {
    const c = scenario()
    c.elect('a')
    c.rule = () => 'hold'
    for (let i = 0; i < 6; i++) c.propose('a', `x${i}`)
    c.completeWrite('a')
    const packets = c.drop(({ to }) => to === 'b')
    for (const { from, to, message } of [...packets.reverse(), ...packets]) c.receive(to, from, message)
    c.rule = () => 'deliver'
    c.run(3000)
    expect(c.member('b').applied).toEqual(['x0', 'x1', 'x2', 'x3', 'x4', 'x5'])
    expect(c.roles()).toBe('a=leader@1 b=follower@1 c=follower@1')
  })

  it('an acknowledgement that comes late never makes matchIndex fall', () => {
    const c = scenario()
    c.elect('a')
    c.propose('a', 'x', 'y', 'z')
    c.settle()
    expect(c.state('a').progress?.get('b')?.matchIndex).toBe(4)
    c.receive('a', 'b', accepted(1, 2))
    expect(c.state('a').progress?.get('b')).toMatchObject({ matchIndex: 4, nextIndex: 5 })
  })

  it('no more is under way to a follower than the window allows', () => {
    const c = scenario({ tuning: { maxInflightMessages: 3, maxAppendBytes: 1 } })
    c.elect('a')
    c.trace = []
    c.propose('a', ...Array.from({ length: 10 }, (_, i) => `x${i}`))
    expect(c.sent('appendEntries', 'a', 'b')).toHaveLength(3)
    c.settle()
    expect(c.state('a').commitIndex).toBe(11)
  })

  it('no more bytes are under way to a follower than the window allows', () => {
    const c = scenario({ tuning: { maxInflightBytes: 6, maxAppendBytes: 1 } })
    c.elect('a')
    c.trace = []
    c.propose('a', ...Array.from({ length: 10 }, (_, i) => `x${i}`))
    expect(c.sent('appendEntries', 'a', 'b')).toHaveLength(2)
    c.settle()
    expect(c.state('a').commitIndex).toBe(11)
  })
})
