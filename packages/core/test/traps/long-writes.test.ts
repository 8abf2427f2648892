import { describe, expect, it } from 'vitest'
import { append, heartbeat, requestVote, vote } from '../support/messages.js'
import { scenario } from '../support/scenario.js'
import type { Script } from '../support/script.js'

/** Of two entries, as they are sent here. */
const TWO_ENTRIES = 8

/** A member with a slow disk, for which two entries are a write, gets eight in one message while it writes one. */
function behind(): Script {
  const c = scenario({ tuning: { maxWriteBytes: TWO_ENTRIES } })
  c.hang('a')
  c.receive('a', 'b', append({ term: 1, terms: [1] }))
  c.receive('a', 'b', append({ term: 1, prev: [1, 1], terms: [1, 1, 1, 1, 1, 1, 1, 1] }))
  c.trace = []
  return c
}

const acknowledged = (c: Script): number[] => c.sent('appendEntriesReply', 'a').map(({ matchIndex }) => matchIndex)

/** The last entry of the write in flight, and the term that goes with it. */
function writing(c: Script, id: string): [lastIndex: number | undefined, term: number | undefined] {
  const { inFlight } = c.member(id)
  return [inFlight?.entries.at(-1)?.lastIndex, inFlight?.hardState?.currentTerm]
}

describe('a log with much to write', () => {
  it('trap 6: is written piece by piece, and each piece is acknowledged when it is durable', () => {
    const c = behind()
    const seen: unknown[] = []
    for (let i = 0; i < 5; i++) {
      c.completeWrite('a')
      seen.push([c.member('a').disk.lastIndex, acknowledged(c).at(-1)])
    }
    expect(seen).toEqual([
      [1, 1],
      [3, 3],
      [5, 5],
      [7, 7],
      [9, 9],
    ])
    expect(c.member('a').inFlight).toBeNull()
  })

  it('says no more often than it has something new to say', () => {
    const c = behind()
    for (let round = 0; round < 20; round++) c.receive('a', 'b', heartbeat(1, 0, round))
    for (let i = 0; i < 5; i++) c.completeWrite('a')
    expect(acknowledged(c)).toEqual([1, 3, 5, 7, 9])
  })

  it('keeps what it has yet to acknowledge while it knows of no leader', () => {
    const c = behind()
    c.completeWrite('a')
    c.pass(2 * c.tuning.heartbeatInterval)
    c.step('a', { type: 'unreachable', peer: 'b' })
    for (let i = 0; i < 4; i++) c.completeWrite('a')
    expect(acknowledged(c)).toEqual([1, 3])
    c.receive('a', 'b', heartbeat(1))
    expect(acknowledged(c)).toEqual([1, 3, 9])
  })

  it('is not sent again by a new leader that hears of its first piece', () => {
    const c = scenario({ logs: { a: [1, 1, 1, 1, 1, 1], b: [1] }, tuning: { maxWriteBytes: TWO_ENTRIES } })
    c.hang('b')
    c.receive('b', 'c', append({ term: 1, prev: [1, 1], terms: [1, 1, 1, 1, 1] }))
    c.rule = ({ to, from }) => (to === 'c' || from === 'c' ? 'deliver' : 'hold')
    c.trace = []
    c.elect('a')
    c.rule = () => 'deliver'
    c.settle()
    const sent = () =>
      c.sent('appendEntries', 'a', 'b').flatMap(({ entries }) => Array.from({ length: entries.count }, (_, i) => entries.firstIndex + i))
    while (c.member('b').inFlight !== null) {
      c.completeWrite('b')
      c.settle()
    }
    expect([c.member('b').disk.lastIndex, c.state('a').progress?.get('b')?.matchIndex]).toEqual([7, 7])
    expect(sent()).toEqual([7])
  })

  it('acknowledges again what is sent again, as the answer may have been lost', () => {
    const c = behind()
    for (let i = 0; i < 5; i++) c.completeWrite('a')
    c.trace = []
    c.receive('a', 'b', append({ term: 1, prev: [1, 1], terms: [1, 1, 1, 1, 1, 1, 1, 1] }))
    c.receive('a', 'b', append({ term: 1, prev: [1, 1], terms: [1, 1, 1, 1, 1, 1, 1, 1] }))
    expect(acknowledged(c)).toEqual([9, 9])
  })

  it('trap 1: a request for votes waits for all the writes that its entries take', () => {
    const c = behind()
    c.stand('a')
    for (let written = 1; written < 9; written += 2) {
      c.completeWrite('a')
      expect(c.sent('preVote')).toEqual([])
    }
    c.completeWrite('a')
    expect(c.sent('preVote', 'a', 'c')).toMatchObject([{ term: 2, lastLogIndex: 9, lastLogTerm: 1 }])
  })

  it('a vote waits for one write and not for the entries that are to be written after it', () => {
    const c = behind()
    // One that is asked for while a leader is heard is ignored.
    c.pass(2 * c.tuning.electionTimeout)
    c.receive('a', 'c', requestVote(2, 20, 1))
    c.completeWrite('a')
    expect(writing(c, 'a')).toEqual([3, 2])
    expect(c.sent('requestVoteReply')).toEqual([])
    c.completeWrite('a')
    expect(c.sent('requestVoteReply', 'a', 'c')).toEqual([vote(2)])
  })

  it('trap 6: a leader with a long queue of writes leads on, as long as each of them ends', () => {
    const c = scenario({ tuning: { maxWriteBytes: TWO_ENTRIES } })
    c.elect('a')
    c.hang('a')
    c.propose('a', ...Array.from({ length: 20 }, (_, i) => `n${i % 10}x`))
    for (let i = 0; i < 10; i++) {
      c.run(c.tuning.electionTimeout)
      expect(c.state('a').role).toBe('leader')
      c.completeWrite('a')
    }
  })

  it('an entry that is larger than a write may be has one of its own', () => {
    const c = scenario({ members: ['a'], tuning: { maxWriteBytes: 4 } })
    c.elect('a')
    c.hang('a')
    c.propose('a', 'xx', 'yyyyyyyy', 'zz')
    const writes: unknown[] = []
    for (let i = 0; i < 3; i++) {
      writes.push(c.member('a').inFlight?.entries.map(({ firstIndex, lastIndex }) => [firstIndex, lastIndex]))
      c.completeWrite('a')
    }
    expect(writes).toEqual([[[2, 2]], [[3, 3]], [[4, 4]]])
  })
})
