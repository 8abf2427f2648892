import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SortedList } from '../src/sorted-list.js'

/** It, and a Map that is told the same. */
class Pair {
  readonly numbered = new SortedList<string>()
  readonly model = new Map<number, string>()

  add(number: number): void {
    if (this.model.has(number)) return
    this.numbered.add(number, `item ${number}`)
    this.model.set(number, `item ${number}`)
  }

  delete(number: number): void {
    this.numbered.delete(number)
    this.model.delete(number)
  }

  /** Up to `number`, deleting the even ones on the way. */
  walk(number: number): void {
    const visited: number[] = []
    const before = [...this.model.keys()].sort((a, b) => a - b)
    this.numbered.walk((each, item) => {
      expect(item).toBe(`item ${each}`)
      visited.push(each)
      if (each % 2 === 0) this.numbered.delete(each)
      return each < number
    })
    const end = before.findIndex((each) => each >= number)
    expect(visited).toEqual(end === -1 ? before : before.slice(0, end + 1))
    for (const each of visited) if (each % 2 === 0) this.model.delete(each)
  }

  check(number: number): void {
    const { numbered, model } = this
    expect([numbered.size, numbered.has(number), numbered.get(number)]).toEqual([model.size, model.has(number), model.get(number)])
  }
}

test('does what a map does, in the order of the numbers', () => {
  const step = fc.record({ kind: fc.constantFrom('add' as const, 'delete' as const, 'walk' as const), number: fc.nat(40) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const pair = new Pair()
      for (const { kind, number } of steps) {
        pair[kind](number)
        pair.check(number)
      }
    }),
    { numRuns: 1000 },
  )
})
