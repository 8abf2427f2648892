import { describe, expect, it } from 'vitest'
import { ReadIndex } from '../../src/read-index.js'
import { initialMembership } from '../../src/state-index.js'

const MEMBERSHIP = initialMembership(
  ['a', 'b', 'c'].map((id) => ({ id, addresses: {} })),
  'a',
)

const confirmed = (reads: ReadIndex) => reads.takeConfirmed(MEMBERSHIP, 'a')

describe('reads by rounds of heartbeats', () => {
  it('that come before a round is sent share a ticket, however many they are', () => {
    const reads = new ReadIndex()
    expect([reads.needsRound, confirmed(reads)]).toEqual([false, null])
    expect([reads.request(), reads.request(), reads.request(), reads.needsRound]).toEqual([1, 1, 1, true])
    expect(confirmed(reads)).toBeNull()
    const round = reads.startRound(7)
    expect(reads.needsRound).toBe(false)
    reads.answered('b', round)
    expect(confirmed(reads)).toEqual({ ticket: 1, index: 7 })
    expect([confirmed(reads), reads.needsRound, reads.request()]).toEqual([null, false, 2])
  })

  it('are confirmed by the answer to their own round, though later ones have been sent meanwhile', () => {
    const reads = new ReadIndex()
    reads.request()
    const round = reads.startRound(7)
    for (const commitIndex of [8, 9]) reads.startRound(commitIndex)
    reads.answered('b', round)
    expect(confirmed(reads)).toEqual({ ticket: 1, index: 7 })
  })

  it('are confirmed by the answer to a later round, and not by that to an earlier one', () => {
    const reads = new ReadIndex()
    const earlier = reads.startRound(6)
    reads.request()
    reads.startRound(7)
    reads.answered('b', earlier)
    expect(confirmed(reads)).toBeNull()
    reads.answered('c', reads.startRound(8))
    expect(confirmed(reads)).toEqual({ ticket: 1, index: 7 })
  })

  it('of several rounds are confirmed together where the latest is answered', () => {
    const reads = new ReadIndex()
    reads.request()
    reads.startRound(7)
    expect(reads.request()).toBe(2)
    const second = reads.startRound(9)
    expect(reads.request()).toBe(3)
    reads.answered('b', second)
    expect([confirmed(reads), reads.needsRound]).toEqual([{ ticket: 2, index: 9 }, true])
  })

  it('wait for a later round where the leader does not know yet what is committed', () => {
    const reads = new ReadIndex()
    reads.request()
    const early = reads.startRound(null)
    expect(reads.needsRound).toBe(true)
    reads.answered('b', early)
    expect(confirmed(reads)).toBeNull()
    reads.answered('b', reads.startRound(7))
    expect(confirmed(reads)).toEqual({ ticket: 1, index: 7 })
  })

  it('are not confirmed by an answer to a round that was never sent', () => {
    const reads = new ReadIndex()
    reads.request()
    const round = reads.startRound(7)
    reads.answered('b', round + 1)
    expect(confirmed(reads)).toBeNull()
    reads.answered('b', round)
    reads.answered('b', round - 1)
    expect(confirmed(reads)).toEqual({ ticket: 1, index: 7 })
  })

  it('go their own way in a copy', () => {
    const reads = new ReadIndex()
    reads.request()
    const round = reads.startRound(7)
    reads.request()
    const copy = reads.fork()
    copy.answered('b', round)
    expect([confirmed(copy), copy.needsRound, copy.request()]).toEqual([{ ticket: 1, index: 7 }, true, 2])
    expect([confirmed(reads), reads.needsRound]).toEqual([null, false])
    reads.answered('c', round)
    expect([reads.fork().takeConfirmed(MEMBERSHIP, 'a'), reads.fork().startRound(8)]).toEqual([{ ticket: 1, index: 7 }, round + 1])
  })
})
