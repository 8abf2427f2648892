import { describe, expect, it } from 'vitest'
import { requestVote } from '../support/messages.js'
import { scenario } from '../support/scenario.js'

describe('paper §5.4.1, election restriction', () => {
  it.each([
    [[1], [1, 1], true],
    [[1, 1], [2, 1], true],
    [[1, 1], [1, 1], false],
    [[1, 2], [5, 1], false],
    [[1, 1, 1], [1, 2], true],
    [[1, 2], [1, 2], false],
    [[1, 2], [2, 2], true],
    [[1, 2], [3, 2], true],
    [[], [0, 0], true],
  ] as const)('a voter whose log has the terms %j grants a candidate that ends with %j: %s', (log, [lastIndex, lastTerm], granted) => {
    const c = scenario({ logs: { a: log } })
    c.receive('a', 'b', requestVote(9, lastIndex, lastTerm))
    c.completeWrite('a')
    expect(c.sent('requestVoteReply', 'a', 'b')).toMatchObject([{ term: 9, voteGranted: granted }])
    expect(c.state('a').votedFor).toBe(granted ? 'b' : null)
  })

  it('a candidate that lacks committed entries is not elected', () => {
    const c = scenario()
    c.elect('a')
    c.partition(['a', 'b'])
    c.propose('a', 'x')
    c.settle()
    expect(c.state('a').commitIndex).toBe(2)
    c.crash('a')
    c.heal()
    c.stand('c')
    expect(c.state('c').role).not.toBe('leader')
    c.elect('b')
    expect(c.member('c').keys()).toEqual(c.member('b').keys())
  })
})

describe('paper §5.4.2, Figure 8', () => {
  /** Up to (c): s1 leads term 4 again, and a majority has the entry of term 2 at index 2, but nothing of term 4. */
  function upToC() {
    const members = ['s1', 's2', 's3', 's4', 's5']
    const c = scenario({ members, logs: Object.fromEntries(members.map((id) => [id, [1]])), tuning: { maxAppendBytes: 1 } })
    c.rule = ({ to, message }) => (message.type === 'appendEntries' && to !== 's2' ? 'drop' : 'deliver')
    c.elect('s1')
    expect([c.member('s1').terms, c.member('s2').terms, c.member('s3').terms]).toEqual([[1, 2], [1, 2], [1]])
    c.crash('s1')
    c.rule = ({ message }) => (message.type === 'appendEntries' ? 'drop' : 'deliver')
    c.elect('s5')
    expect(c.member('s5').terms).toEqual([1, 3])
    c.crash('s5')
    c.restart('s1')
    // The entry of term 4 arrives only where it cannot be appended yet.
    c.rule = ({ to, message }) =>
      message.type === 'appendEntries' && message.entries.has(3) && c.member(to).terms.length > 1 ? 'drop' : 'deliver'
    c.elect('s1')
    expect([c.state('s1').currentTerm, c.member('s3').terms, c.member('s4').terms]).toEqual([4, [1, 2], [1, 2]])
    return c
  }

  it('(c) an entry of an earlier term is not committed, though a majority has it', () => {
    const c = upToC()
    expect(c.state('s1').progress?.get('s3')?.matchIndex).toBe(2)
    expect(c.state('s1').progress?.get('s4')?.matchIndex).toBe(2)
    expect(c.state('s1').commitIndex).toBe(0)
  })

  it('(d) so that a leader elected without it may replace it', () => {
    const c = upToC()
    c.crash('s1')
    c.restart('s5')
    c.rule = () => 'deliver'
    c.elect('s5')
    for (const id of ['s2', 's3', 's4']) expect(c.member(id).terms.slice(0, 2)).toEqual([1, 3])
    c.restart('s1')
    c.run(3000)
    expect(c.member('s1').keys()).toEqual(c.member('s5').keys())
  })

  it('(e) an entry of its own term commits the earlier one with it, and then nobody is elected without', () => {
    const c = upToC()
    c.rule = ({ to }) => (to === 's5' ? 'drop' : 'deliver')
    c.run(1000)
    expect(c.state('s1').commitIndex).toBe(3)
    c.crash('s1')
    c.restart('s5')
    c.rule = () => 'deliver'
    c.stand('s5')
    c.stand('s5')
    expect(c.state('s5').role).not.toBe('leader')
    c.elect('s2')
    expect(c.member('s5').terms.slice(0, 3)).toEqual([1, 2, 4])
  })
})
