import { describe, expect, it } from 'vitest'
import { checkLinearizability, type HistoryOperation, Prng } from '../../src/index.js'
import { did, type Input, type Output, registers, tried } from './register.js'

const whole = {
  initial: registers.initial,
  step: registers.step,
  isRead: registers.isRead,
  hash: registers.hash,
  equals: registers.equals,
  describe: registers.describe,
  describeState: registers.describeState,
}

/** What clients of a real register see that are all busy all the time; each operation takes effect at some moment in between. */
function busyHistory(
  random: Prng,
  clients: number,
  count: number,
  keys: readonly string[],
  unknownShare = 0,
): HistoryOperation<Input, Output>[] {
  const planned = Array.from({ length: count }, (_, i) => {
    const call = Math.floor(i / clients) * 100 + random.below(100)
    const end = call + 1 + random.below(150)
    return { client: `c${i % clients}`, call, end, effect: random.between(call, end), input: randomInput(random, random.pick(keys)) }
  })
  let values = registers.initial
  return planned
    .sort((a, b) => a.effect - b.effect)
    .map(({ client, call, end, input }): HistoryOperation<Input, Output> => {
      const output = outputs.find((one) => registers.step(values, input, one) !== null) ?? null
      const isUnknown = random.chance(unknownShare)
      if (!isUnknown || random.chance(0.5)) values = registers.step(values, input, undefined) ?? values
      return isUnknown ? tried(call, input, client) : did(call, end, input, output, client)
    })
}

const outputs: readonly Output[] = [null, true, false, ...Array(1_000).keys()]

function randomInput(random: Prng, key: string): Input {
  if (random.chance(0.5)) return { key, kind: 'read' }
  return random.chance(0.5)
    ? { key, kind: 'write', value: random.below(1_000) }
    : { key, kind: 'swap', from: random.below(5), to: random.below(5) }
}

describe('the checker', () => {
  it('copes with thousands of operations of dozens of clients on one key', () => {
    const history = busyHistory(new Prng(1), 24, 3_000, ['x'])
    const { verdict, steps } = checkLinearizability(registers, history)
    expect(verdict).toBe('linearizable')
    expect(steps).toBeLessThan(1_000_000)
  })

  it('finds the one wrong answer among thousands', () => {
    const history = busyHistory(new Prng(2), 12, 3_000, ['x'])
    const wrong = history.map((one, i) => (i === 2_000 ? { ...one, input: { key: 'x', kind: 'read' } as const, output: 1_234 } : one))
    expect(checkLinearizability(registers, wrong).verdict).toBe('violation')
  })

  it('copes with outcomes that are unknown here and there', () => {
    for (let seed = 1; seed <= 20; seed++)
      expect(checkLinearizability(registers, busyHistory(new Prng(seed), 6, 300, ['x', 'y', 'z'], 0.05)).verdict).toBe('linearizable')
  })

  it('tries what follows from a configuration once, in whatever order it was come to', () => {
    // 14 increments are in one of 14! orders, but only 2^14 sets of them can have been done.
    const history = [...Array(14).keys()].map(() => did(1, 50, { key: 'x', kind: 'increment' }, 20))
    const unknown = [...Array(14).keys()].map(() => tried(1, { key: 'x', kind: 'increment' }))
    const { verdict, steps } = checkLinearizability(registers, [...unknown, did(2, 50, { key: 'x', kind: 'read' }, 20)])
    expect(verdict).toBe('violation')
    expect(steps).toBeLessThan(300_000)
    expect(checkLinearizability(registers, history).verdict).toBe('violation')
  })

  it('does not ask what would follow from unknown operations that change nothing', () => {
    const unknown = [...Array(30).keys()].map((i) => tried(1, { key: 'x', kind: 'swap', from: i + 1, to: i + 2 }))
    const { verdict, steps } = checkLinearizability(registers, [...unknown, did(2, 3, { key: 'x', kind: 'read' }, 9)])
    expect(verdict).toBe('violation')
    expect(steps).toBeLessThan(100)
  })

  it('leaves undecided what would take for ever, and says so', () => {
    const unknown = [...Array(40).keys()].map((i) => tried(1, { key: 'x', kind: 'write', value: i + 1 }))
    const impossible = [...unknown, did(2, 3, { key: 'x', kind: 'read' }, 1_234)]
    const { verdict, steps, undecided, witness } = checkLinearizability(registers, impossible, { maxSteps: 50_000 })
    expect({ verdict, undecided, witness }).toEqual({ verdict: 'undecided', undecided: 1, witness: null })
    expect(steps).toBeLessThan(60_000)
  })

  it('tries nothing more when the model says that an answer is too late', () => {
    const unknown = [...Array(40).keys()].map((i) => tried(1, { key: 'x', kind: 'write', value: i + 1 }))
    const impossible = [...unknown, did(2, 3, { key: 'x', kind: 'read' }, 1_234)]
    const knowing = {
      ...registers,
      isTooLate: (_values: unknown, input: Input, output: Output) => input.kind === 'read' && output === 1_234,
    }
    const { verdict, steps } = checkLinearizability(knowing, impossible)
    expect(verdict).toBe('violation')
    expect(steps).toBeLessThan(10)
  })

  it('finds a violation beside a part that it cannot decide', () => {
    const unknown = [...Array(40).keys()].map((i) => tried(1, { key: 'x', kind: 'write', value: i + 1 }))
    const impossible = [...unknown, did(2, 3, { key: 'x', kind: 'read' }, 1_234), did(2, 3, { key: 'y', kind: 'read' }, 1)]
    expect(checkLinearizability(registers, impossible, { maxSteps: 20_000 })).toMatchObject({ verdict: 'violation', undecided: 1 })
  })
})

describe('parts of a history', () => {
  it('are judged as the whole is, with less work', () => {
    const random = new Prng(3)
    const verdicts = new Set<string>()
    for (let i = 0; i < 300; i++) {
      const history = busyHistory(random, 4, 24, ['u', 'v', 'x', 'y'], 0.1)
      const lie = random.below(history.length)
      const told = random.chance(0.5) ? history : history.map((one, at) => (at === lie ? { ...one, output: 1 } : one))
      const inParts = checkLinearizability(registers, told)
      expect(checkLinearizability(whole, told).verdict).toBe(inParts.verdict)
      verdicts.add(inParts.verdict)
    }
    expect(verdicts).toEqual(new Set(['linearizable', 'violation']))
    const long = busyHistory(random, 12, 1_200, ['u', 'v', 'x', 'y'])
    const inParts = checkLinearizability(registers, long)
    expect(inParts.parts).toBe(4)
    expect(inParts.steps).toBeLessThan(checkLinearizability(whole, long).steps)
  })

  it('are joined by operations over several keys', () => {
    // Each key by itself could have its write before or after; the two sums together say that each came first.
    const history = [
      did(1, 9, { key: 'x', kind: 'write', value: 1 }, null),
      did(1, 9, { key: 'y', kind: 'write', value: 2 }, null),
      did(2, 3, { kind: 'sum', keys: ['x', 'y'] }, 1),
      did(4, 5, { kind: 'sum', keys: ['y', 'z'] }, 0),
      did(6, 7, { kind: 'sum', keys: ['x', 'y'] }, 2),
    ]
    expect(checkLinearizability(registers, history)).toMatchObject({ verdict: 'violation', parts: 1 })
    expect(checkLinearizability(registers, history.slice(0, 4))).toMatchObject({ verdict: 'linearizable', parts: 1 })
  })
})

describe('the witness', () => {
  it('shows the longest order and why nothing can follow', () => {
    const history = [
      did(1, 2, { key: 'x', kind: 'write', value: 1 }, null, 'anna'),
      did(3, 4, { key: 'x', kind: 'write', value: 2 }, null, 'berta'),
      tried(5, { key: 'x', kind: 'write', value: 3 }, 'clara'),
      did(6, 7, { key: 'x', kind: 'read' }, 1, 'dora'),
      did(8, 9, { key: 'x', kind: 'read' }, 2, 'anna'),
    ]
    expect(checkLinearizability(registers, history).witness?.split('\n')).toEqual([
      '2 of 4 answered operations can be put in order, and no more; the last of them:',
      '  [1, 2] anna: {"key":"x","kind":"write","value":1} gives null',
      '  [3, 4] berta: {"key":"x","kind":"write","value":2} gives null',
      'What was under way then, and what the state says to it:',
      '  [6, 7] dora: {"key":"x","kind":"read"} gives 1   not possible: there is x 2',
      'Of unknown outcome and not in that order: 1; the last of them:',
      '  [5, ?] clara: {"key":"x","kind":"write","value":3} gives nothing',
    ])
  })
})
