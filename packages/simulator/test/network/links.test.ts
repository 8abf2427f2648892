import { describe, expect, it } from 'vitest'
import { Links, World } from '../../src/index.js'

const HOSTS = ['a', 'b', 'c', 'd']

describe('links', () => {
  it('lose, repeat and delay at their rates, and count what they do', () => {
    const world = new World(3)
    const links = new Links(world, HOSTS)
    Object.assign(links.conditions, { loss: 0.2, duplication: 0.1, lateness: 0.1, maxLate: 1000, delay: 1 })
    let copies = 0
    let late = 0
    for (let i = 0; i < 10_000; i++) {
      const delays = links.fate('a', 'b')
      copies += delays.length
      late += delays.filter((delay) => delay > 50).length
      for (const delay of delays) expect(delay).toBeGreaterThanOrEqual(0.05)
    }
    expect(copies / 10_000).toBeCloseTo(1.1 * 0.8, 1)
    expect(late).toBeGreaterThan(500)
    expect(world.counts.get('duplicated')).toBeGreaterThan(800)
    expect(world.counts.get('lost')).toBeGreaterThan(1800)
  })

  it('carry nothing over a cut, in the direction that is cut, until they are mended', () => {
    const links = new Links(new World(1), HOSTS)
    links.cut('a', 'b')
    expect([links.fate('a', 'b').length, links.fate('b', 'a').length]).toEqual([0, 1])
    links.mend()
    links.join('client')
    links.split(['a', 'client'])
    const reachable = [...HOSTS, 'client'].filter((other) => other !== 'a' && !links.isCut('a', other))
    expect(reachable).toEqual(['client'])
    expect([links.isCut('b', 'a'), links.isCut('b', 'c'), links.isCut('a', 'a')]).toEqual([true, false, false])
    links.mend()
    expect(links.isCut('a', 'b')).toBe(false)
  })

  it('change bytes in a copy, at their rate', () => {
    const world = new World(4)
    const links = new Links(world, HOSTS)
    const bytes = new Uint8Array(100).fill(7)
    expect(links.carry(bytes)).toBe(bytes)
    links.conditions.corruption = 0.5
    let changed = 0
    for (let i = 0; i < 1000; i++) if (!equal(links.carry(bytes), bytes)) changed += 1
    expect(bytes.every((byte) => byte === 7)).toBe(true)
    expect(changed).toBeGreaterThan(400)
    expect(changed).toBeLessThan(600)
    expect(links.carry(new Uint8Array(0))).toHaveLength(0)
  })
})

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
