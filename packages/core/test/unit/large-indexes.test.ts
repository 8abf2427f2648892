import { describe, expect, it } from 'vitest'
import { scenario } from '../support/scenario.js'
import type { Script } from '../support/script.js'

const OLD = 2 ** 33
const NEWER = OLD + 1

describe.each([2 ** 31 - 3, 2 ** 32 - 3, 2 ** 52])('a cluster whose logs begin behind index %i', (baseIndex) => {
  const first = `${baseIndex + 1}@${NEWER}`

  /** c has two entries that conflict with the others', and a leads. */
  const cluster = (): Script => {
    const logs = { a: [NEWER], b: [NEWER], c: [OLD, OLD] }
    const c = scenario({ baseIndex, baseTerm: OLD, logs, tuning: { maxWindowBytes: 20, maxWriteBytes: 4 } })
    c.elect('a')
    return c
  }

  it('elects, replicates and repairs as any other', () => {
    const c = cluster()
    const term = c.state('a').currentTerm
    expect(c.propose('a', 'x', 'y')).toBe(baseIndex + 3)
    c.run(500)
    for (const id of ['a', 'b', 'c']) {
      expect(c.member(id).terms).toEqual([NEWER, term, term, term])
      expect(c.member(id).applied).toEqual([first, 'x', 'y'])
      expect([c.state(id).commitIndex, c.member(id).disk.lastIndex]).toEqual([baseIndex + 4, baseIndex + 4])
    }
  })

  it('confirms reads as any other', () => {
    const c = cluster()
    c.read('a')
    c.run(500)
    expect(c.member('a').confirmed.map(({ index }) => index)).toEqual([baseIndex + 2])
  })

  it('writes piece by piece as any other', () => {
    const c = cluster()
    c.hang('a')
    for (const command of ['x', 'y', 'z', 'v', 'w']) c.propose('a', command)
    const written: number[] = []
    while (c.member('a').inFlight !== null) {
      c.completeWrite('a')
      written.push(c.member('a').disk.lastIndex)
    }
    expect(written).toEqual([baseIndex + 3, baseIndex + 5, baseIndex + 7])
  })

  it('applies again after a restart what it had stored, as any other', () => {
    const c = cluster()
    c.propose('a', 'x', 'y')
    c.run(500)
    c.crash('b')
    c.restart('b')
    expect(c.member('b').applied).toEqual([])
    c.run(3000)
    expect(c.member('b').applied).toEqual([first, 'x', 'y'])
  })
})
