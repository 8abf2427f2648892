import { describe, expect, it } from 'vitest'
import { scenario } from '../support/scenario.js'

describe.each([2 ** 31 - 3, 2 ** 32 - 3, 2 ** 52])('a cluster whose logs begin behind index %i', (baseIndex) => {
  it('elects, replicates, repairs and reads as any other', () => {
    const c = scenario({
      baseIndex,
      baseTerm: 2 ** 33,
      logs: { a: [2 ** 33 + 1], b: [2 ** 33 + 1], c: [2 ** 33, 2 ** 33] },
      tuning: { maxWindowBytes: 20, maxWriteBytes: 4 },
    })
    c.elect('a')
    expect(c.propose('a', 'x', 'y')).toBe(baseIndex + 3)
    c.read('a')
    c.run(500)
    for (const id of ['b', 'c']) expect(c.member(id).keys()).toEqual(c.member('a').keys())
    expect(c.member('c').applied.slice(-2)).toEqual(['x', 'y'])
    expect(c.member('a').confirmed.map(({ index }) => index)).toEqual([baseIndex + 2])
    c.crash('b')
    c.restart('b')
    c.run(3000)
    expect(c.member('b').applied).toEqual(c.member('a').applied)
  })
})
