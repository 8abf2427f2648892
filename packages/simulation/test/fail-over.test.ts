import { describe, expect, it } from 'vitest'
import { distributionOf } from '../src/fail-over/distribution.js'
import { type FailOver, type Measured, measureFailOver } from '../src/fail-over/measure.js'

const SEEDS = Array.from({ length: 30 }, (_, i) => i + 1)

async function measured(options: Omit<FailOver, 'seed'>): Promise<Measured[]> {
  const all: Measured[] = []
  for (const seed of SEEDS) all.push(await measureFailOver({ ...options, seed }))
  return all
}

describe('fail-overs, with the default tuning', () => {
  it.each([
    { loss: 'killed', delay: 0.1, members: 3 },
    { loss: 'killed', delay: 1, members: 5 },
    { loss: 'restarted', delay: 0.1, members: 3 },
    { loss: 'restarted', delay: 1, members: 5 },
  ] as const)('of a leader that is $loss take less than 300 ms, with $members members $delay ms apart', async (options) => {
    const all = await measured(options)
    expect(Math.max(...all.map(({ duration }) => duration))).toBeLessThan(300)
    expect(all.filter(({ terms }) => terms !== 1)).toEqual([])
  })

  it('of a leader whose heir shares no current session with its follower take no longer', async () => {
    // Seed 478 took 613 ms: the heir's first entries were left behind in a session that the follower closed.
    const { duration } = await measureFailOver({ seed: 478, loss: 'killed', delay: 0.1, members: 3 })
    expect(duration).toBeLessThan(300)
  })

  it('of a leader that falls silent take an election timeout, and no more than one term', async () => {
    const all = await measured({ loss: 'silent', delay: 1, members: 3 })
    expect(Math.max(...all.map(({ duration }) => duration))).toBeLessThan(1200)
    expect(all.filter(({ terms }) => terms !== 1)).toEqual([])
  })
})

describe('a distribution', () => {
  it('tells the values below which a share of all lies, and the greatest', () => {
    const values = Array.from({ length: 1000 }, (_, i) => (i * 7) % 1000)
    expect(distributionOf(values)).toEqual({ p50: 500, p90: 900, p99: 990, max: 999 })
    expect(() => distributionOf([])).toThrow('no values')
  })
})
