import { describe, expect, it } from 'vitest'
import { heartbeatReply } from '../support/messages.js'
import { scenario } from '../support/scenario.js'

describe('reads', () => {
  it('trap 25: no read is confirmed before the leader has committed an entry of its term', () => {
    const c = scenario({ logs: { a: [1, 1], b: [1, 1], c: [1, 1] } })
    c.rule = ({ message }) => (message.type === 'appendEntries' ? 'hold' : 'deliver')
    c.elect('a')
    expect(c.read('a')).toBe(1)
    c.run(5 * c.tuning.heartbeatInterval)
    expect(c.sent('heartbeatReply').length).toBeGreaterThan(5)
    expect(c.member('a').confirmed).toEqual([])
    c.rule = () => 'deliver'
    c.settle()
    expect(c.state('a').commitIndex).toBe(3)
    expect(c.member('a').confirmed).toEqual([{ ticket: 1, index: 3 }])
  })

  it('trap 26: an answer to an older round confirms no newer read', () => {
    const c = scenario()
    c.elect('a')
    c.rule = () => 'hold'
    c.read('a')
    const [older] = c.sent('heartbeat', 'a', 'b').slice(-1)
    c.receive('a', 'b', heartbeatReply(1, older?.round ?? 0))
    expect(c.member('a').confirmed).toHaveLength(1)
    c.drop()
    expect(c.read('a')).toBe(2)
    for (let i = 0; i < 5; i++) c.receive('a', 'b', heartbeatReply(1, older?.round ?? 0))
    c.receive('a', 'c', heartbeatReply(1, older?.round ?? 0))
    expect(c.member('a').confirmed).toHaveLength(1)
    c.receive('a', 'c', heartbeatReply(1, (older?.round ?? 0) + 1))
    expect(c.member('a').confirmed).toEqual([
      { ticket: 1, index: 1 },
      { ticket: 2, index: 1 },
    ])
  })

  it('trap 26: nor does an answer to a round that was never sent, or of an older term', () => {
    const c = scenario()
    c.elect('a')
    c.elect('b')
    c.elect('a')
    const term = c.state('a').currentTerm
    c.rule = () => 'hold'
    c.read('a')
    c.receive('a', 'b', heartbeatReply(term, 1e6))
    c.receive('a', 'b', heartbeatReply(term - 1, 2))
    expect(c.member('a').confirmed).toEqual([])
  })

  it('trap 26: an old answer that comes late takes no newer one back', () => {
    const c = scenario({ members: ['a', 'b', 'c', 'd', 'e'] })
    c.elect('a')
    c.rule = () => 'hold'
    c.read('a')
    const round = c.sent('heartbeat', 'a', 'b').at(-1)?.round ?? 0
    c.receive('a', 'b', heartbeatReply(1, round))
    c.receive('a', 'b', heartbeatReply(1, round - 1))
    c.receive('a', 'c', heartbeatReply(1, round))
    expect(c.member('a').confirmed).toEqual([{ ticket: 1, index: 1 }])
  })

  it('trap 26: reads that come while a round is under way wait for the next, and all of them share it', () => {
    const c = scenario()
    c.elect('a')
    c.rule = () => 'hold'
    c.trace = []
    expect(c.read('a')).toBe(1)
    expect([c.read('a'), c.read('a'), c.read('a')]).toEqual([2, 2, 2])
    expect(c.sent('heartbeat')).toHaveLength(2)
    c.propose('a', 'x')
    c.rule = () => 'deliver'
    c.settle()
    expect(c.sent('heartbeat')).toHaveLength(4)
    expect(c.member('a').confirmed.map(({ ticket }) => ticket)).toEqual([1, 2])
  })

  it('reads that came while a round was under way get their own in the turn that confirms it, and wait for no heartbeat', () => {
    const c = scenario()
    c.elect('a')
    c.rule = () => 'hold'
    expect([c.read('a'), c.read('a')]).toEqual([1, 2])
    const round = c.sent('heartbeat', 'a', 'b').at(-1)?.round ?? 0
    c.trace = []
    c.receive('a', 'b', heartbeatReply(1, round))
    expect(c.member('a').confirmed).toEqual([{ ticket: 1, index: 1 }])
    expect(c.sent('heartbeat', 'a', 'b').map((one) => one.round)).toEqual([round + 1])
    for (const from of ['b', 'c']) c.receive('a', from, heartbeatReply(1, round))
    expect(c.member('a').confirmed).toHaveLength(1)
    c.receive('a', 'c', heartbeatReply(1, round + 1))
    expect(c.member('a').confirmed.at(-1)).toEqual({ ticket: 2, index: 1 })
  })

  it('a read that comes in the turn in which a round is confirmed is not confirmed by it', () => {
    const c = scenario()
    c.elect('a')
    c.rule = () => 'hold'
    c.read('a')
    const round = c.sent('heartbeat', 'a', 'b').at(-1)?.round ?? 0
    const { state } = c.member('a')
    state.step({ type: 'message', from: 'b', message: heartbeatReply(1, round) }, c.now)
    expect(state.read(c.now)).toBe(2)
    const { confirmedReads, messages } = state.takeEffects()
    expect(confirmedReads).toEqual([{ ticket: 1, index: 1 }])
    expect(messages.map(({ message }) => message)).toMatchObject([
      { type: 'heartbeat', round: round + 1 },
      { type: 'heartbeat', round: round + 1 },
    ])
  })

  it('reads that came before the term had committed anything get their round in the turn in which it has', () => {
    const c = scenario()
    c.rule = ({ message }) => (message.type === 'appendEntries' ? 'hold' : 'deliver')
    c.elect('a')
    c.read('a')
    c.run(3 * c.tuning.heartbeatInterval)
    const before = c.now
    expect(c.member('a').confirmed).toEqual([])
    c.rule = () => 'deliver'
    c.settle()
    expect(c.member('a').confirmed).toEqual([{ ticket: 1, index: 1 }])
    expect(c.now).toBe(before)
  })

  it('a member that is alone confirms its reads in the turn in which they come', () => {
    const c = scenario({ members: ['a'] })
    c.elect('a')
    expect([c.read('a'), c.read('a')]).toEqual([1, 2])
    expect(c.member('a').confirmed.map(({ ticket }) => ticket)).toEqual([1, 2])
  })

  it('trap 26: reads whose round is lost are confirmed by the next heartbeat', () => {
    const c = scenario()
    c.elect('a')
    c.rule = () => 'drop'
    c.read('a')
    c.settle()
    expect(c.member('a').confirmed).toEqual([])
    c.rule = () => 'deliver'
    c.run(c.tuning.heartbeatInterval)
    expect(c.member('a').confirmed).toEqual([{ ticket: 1, index: 1 }])
  })
})
