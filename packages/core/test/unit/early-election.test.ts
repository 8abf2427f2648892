import { describe, expect, it } from 'vitest'
import { EarlyElection } from '../../src/early-election.js'
import { initialMembership } from '../../src/state-index.js'

const WINDOW = 30
const DURATION = 100

function election({ id = 'a', ids = ['c', 'a', 'b'], group = 0, window = WINDOW, random = (): number => 0 } = {}): EarlyElection {
  const members = ids.map((one) => ({ id: one, addresses: {} }))
  return new EarlyElection({ id, group, membership: initialMembership(members, ids[0] ?? ''), random, window, duration: DURATION })
}

const turns = (term: number, lost: string | null = null, random = () => 0, group = 0) =>
  ['a', 'b', 'c'].map((id) => election({ id, random, group }).turn(term, lost))

describe('the order of early candidates', () => {
  it('gives each member a turn of its own, and begins with another in each term and in each group', () => {
    expect([0, 1, 2, 3].map((term) => turns(term))).toEqual([
      [0, 10, 20],
      [20, 0, 10],
      [10, 20, 0],
      [0, 10, 20],
    ])
    expect(turns(0, null, () => 0, 1)).toEqual([20, 0, 10])
  })

  it('leaves half of each turn free', () => {
    expect(turns(0, null, () => 1)).toEqual([5, 15, 25])
  })

  it('gives the leader that was lost no turn, and the others longer ones', () => {
    expect(turns(0, 'a').slice(1)).toEqual([0, 15])
    expect(turns(0, 'b', () => 1)[2]).toBe(15 + 7.5)
  })

  it('says whose turn comes first, in the same way at every member', () => {
    const one = election()
    expect([one.precedes('a', 'b', 0), one.precedes('b', 'a', 0), one.precedes('a', 'a', 0)]).toEqual([true, false, false])
    expect([one.precedes('a', 'b', 1), one.precedes('c', 'a', 2)]).toEqual([false, true])
  })

  it('lasts from its cause on for as long as it may, and forgets what was promised before', () => {
    const one = election()
    expect(one.isUnderWay(0)).toBe(false)
    one.promise('b', 0)
    one.begin(50)
    expect([one.isBound(0), one.mayPromise('c', 0)]).toEqual([false, true])
    expect([one.isUnderWay(50), one.isUnderWay(149), one.isUnderWay(150)]).toEqual([true, true, false])
    const unordered = election({ window: 0 })
    unordered.begin(50)
    expect(unordered.isUnderWay(50)).toBe(false)
  })
})

describe('a promised pre-vote', () => {
  it('binds for the window, and for one member', () => {
    const one = election()
    expect(one.mayPromise('b', 0)).toBe(true)
    expect(one.promise('b', 0)).toBe(true)
    expect([one.mayPromise('b', WINDOW - 1), one.mayPromise('c', WINDOW - 1)]).toEqual([true, false])
    expect([one.isBound(WINDOW - 1), one.isBound(WINDOW), one.mayPromise('c', WINDOW)]).toEqual([true, false, true])
  })

  it('does not bind again for a member that asks again before the time of an election has gone by', () => {
    const one = election()
    one.promise('b', 0)
    expect(one.promise('b', WINDOW - 1)).toBe(true)
    expect(one.promise('b', WINDOW)).toBe(false)
    expect(one.promise('b', WINDOW + DURATION - 1)).toBe(false)
    expect(one.promise('b', WINDOW + DURATION)).toBe(true)
  })

  it('binds anew for another member', () => {
    const one = election()
    one.promise('b', 0)
    expect(one.promise('c', WINDOW)).toBe(true)
    expect([one.mayPromise('b', WINDOW), one.isBound(2 * WINDOW - 1)]).toEqual([false, true])
  })

  it('binds in a copy, too, which goes its own way from there', () => {
    const one = election()
    one.begin(0)
    one.promise('b', 0)
    const copy = one.fork()
    expect([copy.isUnderWay(99), copy.isUnderWay(100), copy.mayPromise('c', 0), copy.mayPromise('b', 0)]).toEqual([
      true,
      false,
      false,
      true,
    ])
    copy.begin(10)
    expect([copy.isBound(10), one.isBound(10)]).toEqual([false, true])
  })
})
