import { describe, expect, it } from 'vitest'
import { REGRESSIONS } from './regressions.js'
import { type Outcome, simulate } from './simulation.js'

/** CHAOS_SEEDS=100000 CHAOS_FROM=1 runs more of them than every test run does. */
const FROM = Number(process.env['CHAOS_FROM'] ?? 1)
const SEEDS = Number(process.env['CHAOS_SEEDS'] ?? 200)
const PER_TEST = 50

describe('a cluster under random faults, in virtual time', () => {
  for (let first = FROM; first < FROM + SEEDS; first += PER_TEST) {
    const end = Math.min(first + PER_TEST, FROM + SEEDS)
    it(`keeps every promise and recovers: seeds ${first} to ${end - 1}`, { timeout: 600_000 }, async () => {
      let acknowledged = 0
      for (let seed = first; seed < end; seed++) {
        const outcome = await simulate(seed)
        expectNoViolation(outcome)
        acknowledged += outcome.acknowledged
      }
      // A simulation in which nothing happens finds nothing.
      expect(acknowledged).toBeGreaterThan(end - first)
    })
  }

  for (const { seed, found } of REGRESSIONS) {
    it(`does so with seed ${seed}, which found ${found}`, async () => expectNoViolation(await simulate(seed)))
  }

  it('is the same from event to event when the seed is the same, and another when it is not', async () => {
    for (const seed of [3, 7, 11, 12, 13]) {
      const first = await simulate(seed)
      const second = await simulate(seed)
      expect([second.hash, second.events]).toEqual([first.hash, first.events])
      expect((await simulate(seed + 1000)).hash).not.toBe(first.hash)
    }
  })
})

function expectNoViolation({ seed, violation, settings, trace }: Outcome): void {
  if (violation === null) return
  throw new Error(`seed ${seed} broke "${violation.oracle}": ${violation.message}\n${settings}\nthe last events:\n${trace.join('\n')}`)
}
