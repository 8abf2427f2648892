import { expect, it } from 'vitest'
import { Configurations } from '../../src/linearizability/configurations.js'
import { OperationSet, sameWindow, type Window } from '../../src/linearizability/operation-set.js'
import { Prng } from '../../src/world/prng.js'

const SIZE = 130

it('windows are the same if and only if the sets are equal, however they came to be', () => {
  const random = new Prng(1)
  const windows = new Map<string, Window>()
  const set = new OperationSet(SIZE)
  for (let member = 0; member < 100; member++) set.add(member)
  const missing = new Set<number>()
  for (let i = 0; i < 2_000; i++) {
    const member = random.pick([0, 31, 32, 70, 98, 99])
    if (missing.delete(member)) set.add(member)
    else {
      missing.add(member)
      set.delete(member)
    }
    windows.set([...missing].sort((a, b) => a - b).join(), set.window())
    for (const [name, before] of windows)
      expect(sameWindow(before, set.window()), name).toBe(name === [...missing].sort((a, b) => a - b).join())
  }
  expect(windows.size).toBe(64)
})

it('windows of different sets differ', () => {
  const sets = [
    [],
    [0],
    [1],
    [31],
    [32],
    [...Array(32).keys()],
    [...Array(33).keys()],
    [...Array(32).keys(), 63],
    [63],
    [31, 63],
    [...Array(64).keys()],
  ]
  const windows = sets.map((members) => {
    const set = new OperationSet(SIZE)
    for (const member of members) set.add(member)
    return set.window()
  })
  for (const [i, a] of windows.entries()) for (const [j, b] of windows.entries()) expect(sameWindow(a, b), `${i} ${j}`).toBe(i === j)
})

it.each(['answered', 'unknown'])('a configuration is new unless it was met, whatever hashes say: %s operations', (kind) => {
  const random = new Prng(5)
  const returns = [...Array(64).keys()].map((i) => (kind === 'answered' ? i : Number.POSITIVE_INFINITY))
  const met = new Set<string>()
  const configurations = new Configurations<number>(
    returns,
    () => 0,
    (a, b) => a === b,
  )
  const members = new Set<number>()
  // So many that some of them have one hash of 32 bits.
  for (let i = 0; i < 200_000; i++) {
    const member = random.below(64)
    if (members.delete(member)) configurations.delete(member)
    else {
      members.add(member)
      configurations.add(member)
    }
    const name = returns.map((_, each) => (members.has(each) ? 1 : 0)).join('')
    if (configurations.isNew(0) === met.has(name)) throw new Error(`taken for another: ${name}`)
    met.add(name)
  }
})
