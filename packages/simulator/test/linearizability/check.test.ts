import { describe, expect, it } from 'vitest'
import { checkLinearizability, type HistoryOperation, Prng } from '../../src/index.js'
import { isLinearizable } from './brute-force.js'
import { did, type Input, type Output, registers, tried } from './register.js'

type History = readonly HistoryOperation<Input, Output>[]

const read = { key: 'x', kind: 'read' } as const
const increment = { key: 'x', kind: 'increment' } as const
const write = (value: number) => ({ key: 'x', kind: 'write', value }) as const
const swap = (from: number, to: number) => ({ key: 'x', kind: 'swap', from, to }) as const

const right: Record<string, History> = {
  'nothing at all': [],
  'only what is unknown': [tried(1, write(1)), tried(2, increment)],
  'one after the other': [did(1, 2, write(1), null), did(3, 4, read, 1), did(5, 6, write(2), null), did(7, 8, read, 2)],
  'a read that overlaps a write and sees the old value': [did(1, 4, write(1), null), did(2, 3, read, 0)],
  'a read that overlaps a write and sees the new value': [did(1, 4, write(1), null), did(2, 3, read, 1), did(5, 6, read, 1)],
  'writes that overlap, seen in the order of their returns turned round': [
    did(1, 5, write(1), null),
    did(2, 4, write(2), null),
    did(6, 7, read, 1),
  ],
  'two increments that overlap': [did(1, 4, increment, 2), did(2, 3, increment, 1)],
  'a return and a call at one time, which overlap': [did(1, 2, increment, 2), did(2, 3, increment, 1)],
  'an unknown write that never appears': [tried(1, write(1)), did(2, 3, read, 0), did(4, 5, read, 0)],
  'an unknown write that appears late': [tried(1, write(1)), did(2, 3, read, 0), did(4, 5, write(2), null), did(6, 7, read, 1)],
  'an unknown write that a later one hides': [tried(1, write(1)), did(2, 3, write(2), null), did(4, 5, read, 2)],
  'an unknown write that a compare-and-set saw': [tried(1, write(1)), did(2, 3, swap(1, 5), true), did(4, 5, read, 5)],
  'two unknown writes of one value, seen twice': [
    tried(1, write(1)),
    tried(2, write(1)),
    did(3, 4, read, 1),
    did(5, 6, write(2), null),
    did(7, 8, read, 1),
  ],
  'a compare-and-set that lost and changed nothing': [did(1, 2, swap(7, 8), false), did(3, 4, read, 0)],
}

const wrong: Record<string, History> = {
  'a stale read': [did(1, 2, write(1), null), did(3, 4, write(2), null), did(5, 6, read, 1)],
  'a lost write': [did(1, 2, write(1), null), did(3, 4, read, 0)],
  'a value that nobody wrote': [did(1, 2, read, 3)],
  'a value from the future': [did(1, 2, read, 1), did(3, 4, write(1), null)],
  'the value of a compare-and-set that failed': [did(1, 2, swap(7, 8), false), did(3, 4, read, 8)],
  'a compare-and-set that won against the value': [did(1, 2, write(1), null), did(3, 4, swap(2, 3), true)],
  'a compare-and-set that lost though the value was right': [did(1, 2, write(1), null), did(3, 4, swap(1, 3), false)],
  'two compare-and-sets that both won': [did(1, 4, swap(0, 1), true), did(2, 5, swap(0, 2), true)],
  'an increment that was done twice': [did(1, 2, increment, 1), did(3, 4, read, 2)],
  'an unknown increment that was done twice': [tried(1, increment), did(2, 3, read, 1), did(4, 5, read, 2)],
  'an unknown write that appears and vanishes': [tried(1, write(1)), did(2, 3, read, 1), did(4, 5, read, 0)],
  'an unknown write that appears, is overwritten and comes again': [
    tried(1, write(1)),
    did(2, 3, read, 1),
    did(4, 5, write(2), null),
    did(6, 7, read, 1),
  ],
  'an unknown write that is seen before it was called': [did(1, 2, read, 1), tried(3, write(1))],
  'reads that go backwards while the write still runs': [did(1, 9, write(1), null), did(2, 3, read, 1), did(4, 5, read, 0)],
  'reads of two clients that see two writes in two orders': [
    did(1, 9, write(1), null),
    did(1, 9, write(2), null),
    did(2, 3, read, 1),
    did(4, 5, read, 2),
    did(6, 7, read, 1),
  ],
}

describe('a history is linearizable:', () => {
  it.each(Object.entries(right))('%s', (_name, history) => {
    expect(checkLinearizability(registers, history)).toMatchObject({ verdict: 'linearizable', witness: null })
  })
})

describe('a history is not linearizable:', () => {
  it.each(Object.entries(wrong))('%s', (_name, history) => {
    expect(checkLinearizability(registers, history).verdict).toBe('violation')
  })
})

describe('the brute force', () => {
  it('judges the same histories alike', () => {
    for (const [name, history] of Object.entries(right)) expect(isLinearizable(registers, history), name).toBe(true)
    for (const [name, history] of Object.entries(wrong)) expect(isLinearizable(registers, history), name).toBe(false)
  })

  it('agrees with the checker on small random histories', () => {
    const random = new Prng(7)
    const verdicts = { linearizable: 0, violation: 0, undecided: 0 }
    for (let i = 0; i < 12_000; i++) {
      const history = randomHistory(random)
      const { verdict } = checkLinearizability(registers, history)
      verdicts[verdict] += 1
      expect(verdict, JSON.stringify(history)).toBe(isLinearizable(registers, history) ? 'linearizable' : 'violation')
    }
    expect(verdicts.linearizable).toBeGreaterThan(3_000)
    expect(verdicts.violation).toBeGreaterThan(3_000)
  })
})

/** Operations that a real register answered now and then, or whose answers were made up. */
function randomHistory(random: Prng): HistoryOperation<Input, Output>[] {
  const span = random.pick([4, 12, 30])
  const lies = random.pick([0, 0.1, 0.5])
  const history: HistoryOperation<Input, Output>[] = []
  let values = registers.initial
  const count = 1 + random.below(7)
  for (let i = 0; i < count; i++) {
    const input = randomInput(random)
    const call = random.below(span)
    const truth = outputs.find((output) => registers.step(values, input, output) !== null) ?? null
    const output = random.chance(lies) ? random.pick(outputs) : truth
    const isUnknown = random.chance(0.2)
    if (!isUnknown || random.chance(0.5)) values = registers.step(values, input, undefined) ?? values
    history.push(isUnknown ? tried(call, input) : did(call, call + random.below(span / 2), input, output))
  }
  return history
}

const outputs: readonly Output[] = [null, true, false, 0, 1, 2, 3, 4]

function randomInput(random: Prng): Input {
  const key = random.chance(0.7) ? 'x' : 'y'
  switch (random.below(5)) {
    case 0:
      return { key, kind: 'write', value: random.below(3) }
    case 1:
      return { key, kind: 'swap', from: random.below(3), to: random.below(3) }
    case 2:
      return { key, kind: 'increment' }
    case 3:
      return random.chance(0.3) ? { kind: 'sum', keys: ['x', 'y'] } : { key, kind: 'read' }
    default:
      return { key, kind: 'read' }
  }
}
