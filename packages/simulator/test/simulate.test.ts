import { describe, expect, it } from 'vitest'
import { ListMachine, listStack, listStackOf, type Outcome, simulate } from '../src/index.js'

function expectNoViolation({ seed, violation, plan, transcript }: Outcome): void {
  if (violation === null) return
  throw new Error(`seed ${seed} broke "${violation.oracle}": ${violation.message}\n${JSON.stringify(plan)}\n${transcript.join('\n')}`)
}

describe('a simulated cluster', () => {
  it('keeps every promise under faults, and recovers when they end', { timeout: 120_000 }, async () => {
    const counts = new Map<string, number>()
    for (let seed = 1; seed <= 150; seed++) {
      const outcome = await simulate({ seed, stack: listStack })
      expectNoViolation(outcome)
      for (const [what, count] of outcome.counts) counts.set(what, (counts.get(what) ?? 0) + count)
    }
    // A simulation in which nothing happens finds nothing.
    const expected = ['commands acknowledged', 'reads answered', 'leader', 'crash', 'kill', 'orderly stop', 'pause', 'partition', 'lost']
    for (const what of expected) expect(counts.get(what), what).toBeGreaterThan(20)
  })

  it('is the same from event to event when the seed is the same, and another when it is not', async () => {
    for (const seed of [3, 7, 11, 12, 13]) {
      const first = await simulate({ seed, stack: listStack })
      const second = await simulate({ seed, stack: listStack })
      expect([second.hash, second.events, second.transcript]).toEqual([first.hash, first.events, first.transcript])
      expect((await simulate({ seed: seed + 1000, stack: listStack })).hash).not.toBe(first.hash)
    }
  })

  it('goes on as before when a fault is left out, up to that fault', async () => {
    const all = await simulate({ seed: 12, stack: listStack, character: {}, keptTraceLines: 1e6 })
    const last = all.faults - 1
    const fewer = await simulate({
      seed: 12,
      stack: listStack,
      character: {},
      keptTraceLines: 1e6,
      only: Array.from({ length: last }, (_, i) => i),
    })
    expect(last).toBeGreaterThan(3)
    const place = all.transcript.findIndex((line) => line.includes(`fault ${last} `))
    expect(fewer.transcript.slice(0, place)).toEqual(all.transcript.slice(0, place))
    expect(fewer.transcript.some((line) => line.includes(`fault ${last} `))).toBe(false)
  })

  it('that does not recover is not waited for any longer where its logs begin near 2^52', { timeout: 60_000 }, async () => {
    const deaf = { attach: () => {}, setMembers: () => {}, detach: () => {}, send: () => {} }
    const stack = listStackOf({ transport: () => ({ transport: () => ({ transport: deaf }) }) })
    for (let seed = 1; seed <= 20; seed++) {
      // Members that are down when the faults end have applied nothing yet.
      const { violation, duration, plan } = await simulate({ seed, stack, members: 3, faults: ['crashAll'], character: {} })
      expect(violation?.oracle).toBe('recovers')
      expect(duration - plan.duration).toBeLessThan(30 * plan.tuning.electionTimeout)
    }
  })

  it('finds a state machine that is not deterministic', async () => {
    let made = 0
    class Moody extends ListMachine {
      readonly #mood = made++
      override apply(entries: Parameters<ListMachine['apply']>[0]): (number | undefined)[] {
        const results = super.apply(entries)
        this.hash += this.#mood
        return results
      }
    }
    const { violation } = await simulate({ seed: 1, members: 3, stack: listStackOf({ machine: (lastApplied) => new Moody(lastApplied) }) })
    expect(violation?.oracle).toBe('equal states')
  })
})
