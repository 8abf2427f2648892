import { isDeepStrictEqual } from 'node:util'
import { checkLinearizability, type HistoryOperation, Prng, type SequentialModel } from '@raft/simulator'
import { describe, expect, it } from 'vitest'
import { checkHistory } from '../../src/workload/check-history.js'
import { Generator } from '../../src/workload/generator.js'
import { History } from '../../src/workload/history.js'
import { KnownRevisions } from '../../src/workload/known-revisions.js'
import { placeLocalReads } from '../../src/workload/local-reads.js'
import { drawMix } from '../../src/workload/mix.js'
import { type Input, isWrite, type Output } from '../../src/workload/operations.js'
import { storeModel } from '../../src/workload/store-model.js'
import { StoreRules, type StoreState } from '../../src/workload/store-state.js'
import { Values } from '../../src/workload/values.js'

interface Told {
  readonly history: HistoryOperation<Input, Output>[]
  readonly keys: readonly string[]
  readonly values: Values
}

/** What clients of a right store see, but for lies: an answer from an earlier state, or from one with a write that was not. */
function tell(random: Prng, lies: number): Told {
  const keys = ['a', 'b', 'b/1'].slice(0, 1 + random.below(3))
  const values = new Values(random)
  const kinds = { put: 2, delete: 1, compareAndSet: 2, get: 1, getEntry: 1, page: 1, range: 1, transaction: 1 }
  const mix = { ...drawMix(random), keys, kinds, consistencies: { linearizable: 4, lease: 0, local: 1 } }
  const generator = new Generator({ ...mix, sizes: [{ upTo: random.pick([3, 40]), weight: 1 }] }, random, values)
  const rules = new StoreRules(keys, values)
  let state = rules.initial
  const states = [state]
  const history = Array.from({ length: 2 + random.below(14) }, (_, i): HistoryOperation<Input, Output> => {
    const input = generator.draw()
    const isUnknown = isWrite(input) && random.chance(0.35)
    const isLie = random.chance(lies)
    const { state: after, output } = rules.apply(isLie ? random.pick(states) : state, input)
    if (!(isUnknown && random.chance(0.5)) && !isLie) state = after
    if (isWrite(input) && random.chance(lies / 2)) state = rules.apply(state, input).state
    states.push(state)
    const isLocal = 'consistency' in input && input.consistency === 'local'
    const call = isLocal ? 0 : i * 10 - random.below(25)
    return { client: `c${i}`, input, output: isUnknown ? undefined : output, call, return: i * 10 + random.below(25) }
  })
  return { history, keys, values }
}

/** The model without anything that spares the search work. */
function plainModel({ history, keys, values }: Told): SequentialModel<StoreState, Input, Output> {
  const rules = new StoreRules(keys, values)
  const { initial, hash, equals, isRead, describe, describeState } = storeModel(new KnownRevisions(history, values), keys, values)
  return {
    initial,
    step: (state, input, output) => {
      const right = rules.apply(state, input)
      return output === undefined || isDeepStrictEqual(right.output, output) ? right.state : null
    },
    isRead,
    hash,
    equals,
    describe,
    describeState,
  }
}

describe('the model of the store', () => {
  it('spares the search work without changing its verdict', () => {
    const random = new Prng(11)
    const seen = { linearizable: 0, violation: 0, undecided: 0 }
    for (let i = 0; i < 6_000; i++) {
      const told = tell(random, random.pick([0, 0.05, 0.2]))
      const plain = checkLinearizability(plainModel(told), told.history, { maxSteps: 300_000 })
      const known = new KnownRevisions(told.history, told.values)
      const { verdict } = checkLinearizability(storeModel(known, told.keys, told.values), placeLocalReads(told.history, known))
      seen[plain.verdict] += 1
      if (plain.verdict !== 'undecided') expect(verdict, `history ${i}`).toBe(plain.verdict)
    }
    expect(seen.linearizable).toBeGreaterThan(1_000)
    expect(seen.violation).toBeGreaterThan(1_000)
    expect(seen.undecided).toBeLessThan(50)
  })

  it('agrees with the quick look at revisions: what that finds is no linearizable history', () => {
    const random = new Prng(12)
    let found = 0
    for (let i = 0; i < 4_000; i++) {
      const told = tell(random, 0.2)
      const { violation } = checkHistory(told.history, told.keys, told.values)
      if (violation?.oracle !== 'revisions') continue
      found += 1
      expect(checkLinearizability(plainModel(told), told.history, { maxSteps: 300_000 }).verdict, violation.message).not.toBe(
        'linearizable',
      )
    }
    expect(found).toBeGreaterThan(300)
  })
})

describe('a history', () => {
  it('keeps writes that were not answered as of unknown outcome, and reads not at all', () => {
    const history = new History()
    const read = { kind: 'get', how: 'get', key: 'a', consistency: 'linearizable' } as const
    const write = { kind: 'delete', key: 'a' } as const
    history.leaveUnknown(history.ask('c1', read))
    history.leaveUnknown(history.ask('c2', write))
    history.fail(history.ask('c3', write))
    const late = history.ask('c4', write)
    expect(history.operations().map(({ client, output }) => [client, output])).toEqual([
      ['c2', undefined],
      ['c4', undefined],
    ])
    history.answer(late, { kind: 'delete', deleted: true, revision: 1 })
    expect(history.operations()).toHaveLength(2)
  })
})
