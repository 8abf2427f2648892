import { describe, expect, it } from 'vitest'
import { operationKinds } from '../../src/workload/mix.js'
import type { Defects } from './fake-cluster.js'
import { runWorkload } from './run-workload.js'

const everything = { put: 3, delete: 1, compareAndSet: 2, get: 1, getEntry: 2, page: 1, range: 1, transaction: 2 }
const busy = { clients: 5, thinkTime: 10, kinds: everything, impatience: 0.05, patience: 100 }

describe('a workload on a store that keeps its promises', () => {
  it('finds nothing wrong, and comes to a verdict nearly always', async () => {
    let [ok, unknown, failed, undecided] = [0, 0, 0, 0]
    for (let seed = 1; seed <= 40; seed++) {
      const { workload, violations } = await runWorkload(seed, 1_500)
      expect(violations, `seed ${seed}`).toEqual([])
      expect(workload.waiting()).toEqual([])
      ok += workload.counts.ok
      unknown += workload.counts.unknown
      failed += workload.counts.failed
      undecided += workload.counts.undecided
    }
    expect(ok).toBeGreaterThan(10_000)
    expect(unknown).toBeGreaterThan(100)
    expect(failed).toBeGreaterThan(100)
    expect(undecided).toBeLessThanOrEqual(1)
  })

  it('does the same from the same seed', async () => {
    for (const seed of [3, 4]) {
      const [first, second] = [await runWorkload(seed, 800), await runWorkload(seed, 800)]
      expect(second.notes).toEqual(first.notes)
      expect(second.cluster.log).toEqual(first.cluster.log)
      expect(second.workload.counts).toEqual(first.workload.counts)
    }
  })

  it('asks for everything that the store can do, with values of every size', async () => {
    const { notes, cluster } = await runWorkload(2, 4_000, {
      ...busy,
      sizes: [0, 7, 64, 1_500, 400_000].map((upTo) => ({ upTo, weight: 1 })),
    })
    for (const kind of new Set(operationKinds.map((kind) => (kind === 'getEntry' ? 'get' : kind === 'page' ? 'range' : kind))))
      expect(
        notes.some((note) => note.endsWith(`is answered ${kind}`)),
        kind,
      ).toBe(true)
    const sizes = cluster.log.map(({ length }) => length)
    expect(Math.max(...sizes)).toBeGreaterThan(200_000)
    expect(Math.min(...sizes)).toBeLessThan(40)
  })

  it('draws another mix for each seed', async () => {
    const mixes = new Set<string>()
    for (let seed = 1; seed <= 10; seed++) mixes.add(JSON.stringify((await runWorkload(seed, 0)).workload.mix))
    expect(mixes.size).toBe(10)
  })

  it('counts a probe as done when it is answered, and as failed when nobody answers', async () => {
    const { workload, cluster } = await runWorkload(1, 0, { clients: 1 })
    expect(workload.size).toBe(0)
    const other = await runWorkload(1, 100, { clients: 1 })
    expect(other.workload.size).toBeGreaterThan(0)
    const done: boolean[] = []
    // Its clients are closed.
    workload.probe((isDone) => done.push(isDone))
    await cluster.world.run(10_000)
    await Promise.resolve()
    expect(done).toEqual([false])
  })
})

describe('a workload on a store', () => {
  const broken: readonly [string, Defects, readonly string[]][] = [
    ['that answers reads with what was', { staleRead: 0.02 }, ['linearizability', 'revisions']],
    ['that does a write twice', { doubleApply: 0.01 }, ['linearizability', 'revisions']],
    ['that forgets a write which it has answered', { lostWrite: 0.01 }, ['linearizability', 'revisions']],
    ['that forgets a write after others have seen it', { vanishing: 0.5 }, ['linearizability', 'revisions']],
    ['whose compare-and-set writes although it lost', { lostSwapWrites: 0.1 }, ['linearizability', 'revisions']],
    ['that does what it has refused', { refusedApplies: 1 }, ['linearizability', 'revisions']],
    ['that changes a byte of a value', { garbled: 0.01 }, ['linearizability', 'revisions']],
    ['that answers a write with the result of another', { oldAnswer: 0.02 }, ['linearizability', 'revisions']],
    ['that leaves a key out of a range', { shortRange: 0.05 }, ['linearizability', 'revisions']],
  ]

  it.each(broken)('%s finds it', async (_name, defects, oracles) => {
    for (let seed = 1; seed <= 20; seed++) {
      const { violations } = await runWorkload(seed, 1_000, busy, defects)
      if (violations.length === 0) continue
      expect(oracles).toContain(violations[0]?.oracle)
      return
    }
    throw new Error('not found with 20 seeds')
  })
})
