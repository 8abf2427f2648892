import { describe, expect, it } from 'vitest'
import { append, heartbeat, refused } from '../support/messages.js'
import { scenario } from '../support/scenario.js'

describe('answers that are lost or late', () => {
  it('a lost acknowledgement costs a heartbeat or two, not an election timeout, where nobody else makes the majority', () => {
    const c = scenario()
    c.elect('a')
    c.run(c.tuning.heartbeatInterval)
    c.crash('c')
    c.rule = ({ message }) => (message.type === 'appendEntriesReply' ? 'drop' : 'deliver')
    const index = c.propose('a', 'x')
    c.settle()
    c.rule = () => 'deliver'
    c.run(2 * c.tuning.heartbeatInterval)
    expect(c.state('a').commitIndex).toBe(index)
  })

  it('is repeated up to what was verified against this leader, and not for what lies behind', () => {
    const c = scenario({ logs: { b: [1, 1, 1, 1, 1] } })
    c.receive('b', 'a', append({ term: 2, prev: [2, 1] }))
    c.settle()
    c.drop()
    c.trace = []
    c.pass(c.tuning.heartbeatInterval)
    c.receive('b', 'a', heartbeat(2, 0))
    expect(c.sent('appendEntriesReply')).toMatchObject([{ success: true, matchIndex: 2 }])
  })

  it('is not repeated to the leader of another term', () => {
    const c = scenario()
    c.receive('b', 'a', append({ term: 1, terms: [1, 1, 1] }))
    c.settle()
    c.drop()
    c.trace = []
    c.pass(c.tuning.heartbeatInterval)
    c.receive('b', 'c', heartbeat(2, 0))
    c.settle()
    expect(c.sent('appendEntriesReply')).toEqual([])
  })

  it('is not repeated where the leader knows it, nor more often than twice in a heartbeat interval, nor before it is durable', () => {
    const c = scenario()
    c.hang('b')
    c.receive('b', 'a', append({ term: 1, terms: [1, 1] }))
    c.pass(c.tuning.heartbeatInterval)
    c.receive('b', 'a', heartbeat(1, 0))
    c.completeWrite('b')
    expect(c.sent('appendEntriesReply')).toHaveLength(1)
    c.trace = []
    c.receive('b', 'a', heartbeat(1, 2))
    expect(c.sent('appendEntriesReply')).toEqual([])
    for (let i = 0; i < 10; i++) c.receive('b', 'a', heartbeat(1, 0))
    expect(c.sent('appendEntriesReply')).toHaveLength(1)
    c.pass(c.tuning.heartbeatInterval / 2)
    for (let i = 0; i < 10; i++) c.receive('b', 'a', heartbeat(1, 0))
    expect(c.sent('appendEntriesReply')).toHaveLength(2)
  })

  it('a refusal that comes behind the acknowledgement of what it lacked sends again what was refused', () => {
    const c = scenario({ tuning: { maxAppendBytes: 1 } })
    c.elect('a')
    c.run(c.tuning.heartbeatInterval)
    c.crash('c')
    c.rule = () => 'hold'
    c.propose('a', 'x', 'y')
    // The second message overtakes the first, and the first answer the second.
    c.deliver(({ message, to }) => to === 'b' && message.type === 'appendEntries' && message.prevLogIndex === 2)
    c.deliver(({ message, to }) => to === 'b' && message.type === 'appendEntries')
    c.completeWrite('b')
    expect(c.sent('appendEntriesReply', 'b').slice(-2)).toMatchObject([
      { success: false, prevLogIndex: 2 },
      { success: true, matchIndex: 2 },
    ])
    c.deliver(({ message }) => message.type === 'appendEntriesReply' && message.success)
    c.deliver(({ message }) => message.type === 'appendEntriesReply')
    c.rule = () => 'deliver'
    c.settle()
    expect(c.state('a').commitIndex).toBe(3)
  })

  it('a refusal that comes again and again is followed once', () => {
    const c = scenario()
    c.elect('a')
    c.rule = () => 'hold'
    c.propose('a', 'x')
    c.trace = []
    for (let i = 0; i < 10; i++) c.receive('a', 'b', refused(1, 1, 0, 0))
    expect(c.sent('appendEntries', 'a', 'b')).toHaveLength(1)
  })
})
