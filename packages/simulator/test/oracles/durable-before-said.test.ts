import { type AppendEntries, type AppendEntriesReply, EntryBatch, EntryKind } from '@raft/core'
import { describe, expect, it } from 'vitest'
import { Facts } from '../../src/facts/facts.js'
import { World } from '../../src/index.js'
import { durableBeforeSaid } from '../../src/oracles/durable-before-said.js'

/** Entries of these terms, from index 1 on. */
function entriesOf(terms: readonly number[]): EntryBatch {
  return EntryBatch.concat(terms.map((term, i) => EntryBatch.of(i + 1, term, EntryKind.Command, [Uint8Array.of(i)])))
}

/** What is found when b, with this on its disk, acknowledges `matchIndex` to a, who leads term 3 and has sent its entry 4 alone. */
function found(onDisk: { a: readonly number[]; b: readonly number[]; termOfA?: number }, matchIndex: number): string | undefined {
  const world = new World(1)
  const limits = { electionTimeout: 100, maxPending: 9, maxWindowBytes: 9, maxInflightBytes: 9, maxInflightMessages: 9 }
  const facts = new Facts(world, { members: ['a', 'b'], baseIndex: 0, baseTerm: 0, ...limits })
  const oracle = durableBeforeSaid(facts)
  for (const [id, terms, currentTerm] of [['a', onDisk.a, onDisk.termOfA ?? 3] as const, ['b', onDisk.b, 3] as const]) {
    expect(facts.log(id).issue({ hardState: { currentTerm, votedFor: null }, entries: [entriesOf(terms)] }, 0)).toBeNull()
    facts.log(id).complete()
  }
  const entries = entriesOf([1, 1, 2, 3]).slice(4, 4)
  const append: AppendEntries = { type: 'appendEntries', group: 0, term: 3, prevLogIndex: 3, prevLogTerm: 2, leaderCommit: 0, entries }
  oracle.onSend?.('a', 'b', append, { role: 'leader', currentTerm: 3 })
  const reply = {
    type: 'appendEntriesReply',
    group: 0,
    term: 3,
    success: true,
    prevLogIndex: matchIndex,
    matchIndex,
    matchTerm: 0,
  } as const
  oracle.onSend?.('b', 'a', reply satisfies AppendEntriesReply, { role: 'follower', currentTerm: 3 })
  return world.violation?.oracle
}

describe('an acknowledgement', () => {
  const a = [1, 1, 2, 3]

  it('of what is on the disk as it was sent, or as it stands before that in the leader, is true', () => {
    for (const matchIndex of [1, 2, 3, 4]) expect(found({ a, b: a }, matchIndex)).toBeUndefined()
    expect(found({ a, b: [1, 1] }, 2)).toBeUndefined()
  })

  it('of what is not on the disk, or another there, is not', () => {
    expect(found({ a, b: [1, 1, 2] }, 4)).toBe('durable before said')
    expect(found({ a, b: [1] }, 2)).toBe('durable before said')
    expect(found({ a, b: [1, 2] }, 2)).toBe('durable before said')
    expect(found({ a: [1], b: [1, 1] }, 2)).toBe('durable before said')
  })

  it('of more than was sent is none', () => {
    expect(found({ a, b: [1, 1, 2, 3, 3] }, 5)).toBe('acknowledges what was sent')
  })

  it('to a leader that has been overwritten since is only to be on the disk', () => {
    expect(found({ a: [1, 4], termOfA: 4, b: [1, 1] }, 2)).toBeUndefined()
    expect(found({ a: [1, 4], termOfA: 4, b: [1] }, 2)).toBe('durable before said')
  })
})
