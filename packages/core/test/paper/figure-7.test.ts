import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scenario } from '../support/scenario.js'
import type { Script } from '../support/script.js'

const LEADER = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6]
const FOLLOWERS = {
  a: [1, 1, 1, 4, 4, 5, 5, 6, 6],
  b: [1, 1, 1, 4],
  c: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
  d: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
  e: [1, 1, 1, 4, 4, 4, 4],
  f: [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
}

const refusals = (c: Script, from: string) => c.sent('appendEntriesReply', from).filter(({ success }) => !success).length

describe('paper §5.3, Figure 7: a new leader meets followers whose logs went astray', () => {
  it.each(Object.keys(FOLLOWERS) as (keyof typeof FOLLOWERS)[])('follower %s is repaired, within a round trip for each term', (id) => {
    const c = scenario({ members: ['leader', ...Object.keys(FOLLOWERS)], logs: { leader: LEADER, ...FOLLOWERS }, term: 7 })
    c.elect('leader')
    c.settle()
    expect(c.state('leader').currentTerm).toBe(8)
    expect(c.member(id).terms).toEqual([...LEADER, 8])
    expect(c.member(id).keys()).toEqual(c.member('leader').keys())
    expect(refusals(c, id)).toBeLessThanOrEqual(2)
  })

  it('long stretches of terms that the other lacks are skipped in both directions', () => {
    const stretch = (term: number) => Array.from({ length: 500 }, () => term)
    const leader = [1, ...stretch(2), ...stretch(5), ...stretch(8)]
    const follower = [1, ...stretch(3), ...stretch(4), ...stretch(6), ...stretch(7)]
    const c = scenario({ logs: { a: leader, b: follower, c: leader }, term: 8, forkEvery: 1000 })
    c.elect('a')
    expect(c.member('b').terms).toEqual([...leader, 9])
    expect(refusals(c, 'b')).toBeLessThanOrEqual(5)
  })

  it('any two logs that can exist come to agree, within a refusal for each term of either', () => {
    const terms = (parity: number) =>
      fc
        .array(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 8 })), { maxLength: 6 })
        .map((runs) =>
          runs.toSorted((x, y) => x[0] - y[0]).flatMap(([term, count]) => Array.from({ length: count }, () => 10 + 2 * term + parity)),
        )
    fc.assert(
      fc.property(fc.array(fc.constantFrom(1, 2, 3), { maxLength: 8 }), terms(0), terms(1), (common, own, others) => {
        const prefix = common.toSorted()
        const leader = [...prefix, ...own]
        const follower = [...prefix, ...others]
        const c = scenario({ logs: { a: leader, b: follower, c: leader }, term: 30, forkEvery: 1000 })
        c.elect('a')
        expect(c.member('b').terms).toEqual([...leader, c.state('a').currentTerm])
        expect(refusals(c, 'b')).toBeLessThanOrEqual(new Set([...leader, ...follower]).size + 1)
        expect(c.oracle.violations).toEqual([])
      }),
      { numRuns: 200 },
    )
  })
})
