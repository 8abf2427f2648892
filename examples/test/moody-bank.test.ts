import { check } from '@raft/simulator'
import { expect, it } from 'vitest'
import { Bank } from '../src/bank.js'

/** A state machine must be deterministic: this one is not. */
class MoodyBank extends Bank {
  override move(transfer: Uint8Array): boolean {
    return Math.random() < 0.9 && super.move(transfer)
  }
}

it('a state machine that draws lots is found out', async () => {
  const checking = check({
    seeds: 20,
    members: 3,
    stateMachine: () => new MoodyBank(),
    command: (random) => Uint8Array.of(random.below(8), random.below(8), random.below(60)),
    digest: (bank) => bank.balances.join(' '),
  })
  await expect(checking).rejects.toThrow('broke "equal states"')
})
