import { describe, expect, it } from 'vitest'
import { Prng } from '../../src/index.js'

describe('Prng', () => {
  it('gives the same numbers for the same seed, on every machine', () => {
    const prng = new Prng(42)
    const drawn = [prng.below(1000), prng.below(1000), prng.below(1000), prng.pick(['a', 'b', 'c']), prng.chance(0.5)]
    expect(drawn).toEqual([335, 351, 768, 'c', true])
    expect(new Prng(2 ** 40 + 1).below(1000)).not.toBe(new Prng(1).below(1000))
  })

  it('draws evenly, within its bounds', () => {
    const prng = new Prng(7)
    const counts = new Array(10).fill(0)
    for (let i = 0; i < 10_000; i++) counts[prng.below(10)] += 1
    for (const count of counts) expect(count).toBeGreaterThan(850)
    for (let i = 0; i < 1000; i++) expect(Math.abs(prng.between(-3, 5) - 1)).toBeLessThanOrEqual(4)
  })

  it('has streams of their own: what is drawn from one changes nothing in the other', () => {
    const one = new Prng(5)
    const other = new Prng(5)
    const fork = one.fork('disk')
    fork.next()
    expect(one.next()).toBe(other.next())
    expect(new Prng(5).fork('disk').next()).not.toBe(new Prng(5).fork('network').next())
  })
})
