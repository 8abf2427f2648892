import { expect, test } from 'vitest'
import type { LeaderTask } from '../src/routing/operation.js'
import { Operation, Operations } from '../src/routing/operations.js'

const operation = (deadline: number) =>
  new Operation(
    {} as LeaderTask<unknown>,
    0,
    deadline,
    () => {},
    () => {},
  )

test('operations under way are kept in the order of their beginning, whichever of them ends, and each ends once', () => {
  for (const ended of [[0], [1], [2], [0, 1], [2, 1], [1, 0, 2], [0, 2]]) {
    const operations = new Operations()
    const all = [1, 2, 3].map(operation)
    for (const one of all) operations.add(one)
    for (const i of ended) {
      expect(operations.delete(all[i] as (typeof all)[number])).toBe(true)
      expect(operations.delete(all[i] as (typeof all)[number])).toBe(false)
    }
    const left = all.filter((_, i) => !ended.includes(i))
    expect(operations.filter(() => true)).toEqual(left)
    expect(operations.size).toBe(left.length)
    expect(all.map(({ isUnderWay }) => isUnderWay)).toEqual(all.map((one) => left.includes(one)))
    const late = operation(4)
    operations.add(late)
    expect(operations.filter(({ deadline }) => deadline > 2)).toEqual([...left, late].filter(({ deadline }) => deadline > 2))
  }
})

test('an operation that is over holds on to no other', () => {
  const operations = new Operations()
  const all = [1, 2, 3].map(operation)
  for (const one of all) operations.add(one)
  for (const one of all) operations.delete(one)
  expect(all.flatMap(({ previous, next }) => [previous, next])).toEqual(Array(6).fill(null))
})
