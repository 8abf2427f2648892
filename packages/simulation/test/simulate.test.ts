import { describeFailure, Statistics } from '@raft/simulator'
import { describe, expect, it } from 'vitest'
import { type NamedStack, regressions, type SeedOptions, stackNamed, stacks } from '../src/index.js'

/** How long the seeds that are drawn anew may take, in real ms for each stack. RAFT_SEED=n says where they begin. */
const BUDGET = Number(process.env['RAFT_SIMULATION_MS'] ?? 6000)
const RANDOM_FROM = Number(process.env['RAFT_SEED'] ?? 1_000_000 + Math.floor(Math.random() * 1e9))
const FIXED_SEEDS = 60

async function expectKept(stack: NamedStack, options: SeedOptions, statistics: Statistics): Promise<void> {
  const outcome = await stack.simulate(options)
  statistics.add(outcome)
  if (outcome.violation !== null) throw new Error(describeFailure(outcome, await stack.reduce(options, outcome)))
}

describe.each(stacks)('a simulated cluster: $name', (stack) => {
  it('keeps every promise under the faults of fixed seeds', { timeout: 300_000 }, async () => {
    const statistics = new Statistics()
    for (let seed = 1; seed <= FIXED_SEEDS; seed++) await expectKept(stack, { seed }, statistics)
    // A simulation in which nothing happens finds nothing.
    for (const what of ['leader', 'crash', 'kill', 'partition', 'lost', 'pause'])
      expect(statistics.counts.get(what), what).toBeGreaterThan(10)
  })

  it(`keeps them under the faults of new seeds, from ${RANDOM_FROM} on`, { timeout: 300_000 }, async () => {
    const statistics = new Statistics()
    const end = performance.now() + BUDGET
    for (let seed = RANDOM_FROM; performance.now() < end; seed++) await expectKept(stack, { seed }, statistics)
    expect(statistics.seeds).toBeGreaterThan(0)
  })

  it('is the same from event to event when the seed is the same', async () => {
    for (const seed of [1, 2, 3]) {
      const [first, second] = [await stack.simulate({ seed }), await stack.simulate({ seed })]
      expect([second.hash, second.events, second.transcript]).toEqual([first.hash, first.events, first.transcript])
    }
  })
})

describe.each(['storage', 'server'])('members without file descriptors: %s', (name) => {
  it('wait for them, and none dies', { timeout: 300_000 }, async () => {
    const statistics = new Statistics()
    for (let seed = 1; seed <= 30; seed++) {
      const options = { seed, faults: ['noDescriptors', 'crash', 'crashLeader'] }
      const outcome = await stackNamed(name).simulate(options)
      statistics.add(outcome)
      expect(outcome.violation).toBeNull()
    }
    expect(statistics.counts.get('no descriptor')).toBeGreaterThan(30)
  })
})

describe('a second process on the directory of a member that stops', () => {
  it('comes while the directory is in use, and has it when the member has let go of it', { timeout: 300_000 }, async () => {
    const statistics = new Statistics()
    for (let seed = 1; seed <= 30; seed++) {
      const options = { seed, faults: ['startTwice', 'crash'] }
      const outcome = await stackNamed('starts').simulate(options)
      statistics.add(outcome)
      expect(outcome.violation).toBeNull()
    }
    expect(statistics.counts.get('second process')).toBeGreaterThan(100)
    expect(statistics.counts.get('directory opened by a second process')).toBeGreaterThan(30)
  })
})

describe('seeds that once found something', () => {
  it.each(regressions)('$stack $seed: $found', async ({ stack, seed, character }) =>
    expectKept(stackNamed(stack), { seed, character }, new Statistics()),
  )

  it('name stacks that there are', () => {
    for (const { stack } of regressions) expect(stackNamed(stack).name).toBe(stack)
    expect(() => stackNamed('nonsense')).toThrow('expected core')
  })
})
