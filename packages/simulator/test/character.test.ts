import { describe, expect, it } from 'vitest'
import { type Character, listStack, plainCharacter, simulate } from '../src/index.js'

const TRAITS = Object.keys(plainCharacter) as (keyof Character)[]

/** What is counted when a trait has come to something. */
const COUNTED: Readonly<Record<keyof Character, string>> = {
  far: 'character far',
  tight: 'leader',
  lasting: 'kept apart',
  ranked: 'character ranked',
  handovers: 'several leaders',
  quiet: 'operations timed',
  stopping: 'stopped inside',
}

describe('the character of a seed', () => {
  it('is drawn for every third seed, and the others run as they do without any', async () => {
    for (const seed of [1, 4, 8]) {
      const [drawn, plain] = [await simulate({ seed, stack: listStack }), await simulate({ seed, stack: listStack, character: {} })]
      expect(drawn.plan.character).toEqual(plainCharacter)
      expect([plain.hash, plain.events]).toEqual([drawn.hash, drawn.events])
    }
    for (const seed of [3, 6, 9]) expect((await simulate({ seed, stack: listStack })).plan.character).not.toEqual(plainCharacter)
  })

  it('makes the same run when it is given as when it was drawn', async () => {
    for (const seed of [3, 6, 9, 12]) {
      const drawn = await simulate({ seed, stack: listStack })
      const given = await simulate({ seed, stack: listStack, character: drawn.plan.character })
      expect([given.hash, given.transcript]).toEqual([drawn.hash, drawn.transcript])
    }
  })

  it.each(TRAITS)('%s comes to something, and the cluster keeps its promises', { timeout: 120_000 }, async (trait) => {
    let counted = 0
    for (let seed = 1; seed <= 12; seed++) {
      const { violation, counts } = await simulate({ seed, stack: listStack, members: 5, character: { [trait]: true } })
      expect(violation, `seed ${seed}`).toBeNull()
      counted += counts.get(COUNTED[trait]) ?? 0
    }
    expect(counted).toBeGreaterThan(0)
  })

  it('quiet finds what takes longer than its messages and disk operations do', { timeout: 60_000 }, async () => {
    // Less than it takes in truth.
    const slow: typeof listStack = (context) => ({ ...listStack(context), cost: { diskOperations: 0, overhead: 0 } })
    const { violation } = await simulate({ seed: 1, stack: slow, members: 3, character: { quiet: true } })
    expect(violation?.oracle).toBe('prompt')
  })

  it('leaves out nothing of a run that is prolonged', async () => {
    const short = await simulate({ seed: 2, stack: listStack })
    const long = await simulate({ seed: 2, stack: listStack, length: 5 })
    expect(long.plan.duration).toBe(5 * short.plan.duration)
    expect(long.events).toBeGreaterThan(2 * short.events)
    expect(long.violation).toBeNull()
  })
})
