import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countVotes, majority, reachedByMajority } from '../../src/quorum.js'
import type { Membership } from '../../src/state-index.js'

const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
const voters = fc.subarray(ids, { minLength: 1 })
const membership = fc
  .tuple(voters, fc.option(voters, { nil: [] as string[] }))
  .map(([incoming, outgoing]): Membership => ({ voters: incoming, outgoing, learners: [], members: new Map() }))

/** A group of members decides when it is more than half of each half: by definition, counted one by one. */
function decides({ voters: incoming, outgoing }: Membership, group: ReadonlySet<string>): boolean {
  return [incoming, outgoing].every((half) => half.length === 0 || half.filter((id) => group.has(id)).length * 2 > half.length)
}

describe('quorum', () => {
  it('a majority is more than half', () => {
    expect([1, 2, 3, 4, 5, 6, 7].map(majority)).toEqual([1, 2, 2, 3, 3, 4, 4])
  })

  it('votes win when those that grant decide, and lose when those that may still grant cannot', () => {
    fc.assert(
      fc.property(membership, fc.array(fc.tuple(fc.constantFrom(...ids, 'stranger'), fc.boolean())), (one, votes) => {
        const map = new Map(votes)
        const granted = new Set([...map].filter(([, vote]) => vote).map(([id]) => id))
        const possible = new Set(ids.filter((id) => map.get(id) !== false))
        const expected = decides(one, granted) ? 'won' : decides(one, possible) ? 'pending' : 'lost'
        expect(countVotes(one, map)).toBe(expected)
      }),
      { numRuns: 2000 },
    )
  })

  it('a number is reached by a majority when those that have reached it decide', () => {
    fc.assert(
      fc.property(membership, fc.array(fc.nat({ max: 20 }), { minLength: 7, maxLength: 7 }), (one, numbers) => {
        const reached = (id: string) => numbers[ids.indexOf(id)] as number
        const candidates = [...numbers].sort((a, b) => b - a)
        const expected = candidates.find((number) => decides(one, new Set(ids.filter((id) => reached(id) >= number))))
        expect(reachedByMajority(one, reached)).toBe(expected)
      }),
      { numRuns: 2000 },
    )
  })
})
