import { check } from '@raft/simulator'
import { expect, it } from 'vitest'
import { Bank } from '../src/bank.js'

it('keeps the money together, on all members, whatever happens to them', async () => {
  const { counts } = await check({
    seeds: 100,
    stateMachine: () => new Bank(),
    command: (random) => Uint8Array.of(random.below(8), random.below(8), random.below(60)),
    digest: (bank) => bank.balances.join(' '),
  })
  expect(counts.get('commands acknowledged')).toBeGreaterThan(100)
})
