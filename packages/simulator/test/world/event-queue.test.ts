import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventQueue } from '../../src/index.js'

describe('the event queue', () => {
  it('gives events by time, those of one time in the order in which they came, without those that were called off', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ time: fc.integer({ min: 0, max: 20 }), isCancelled: fc.boolean() })), (planned) => {
        const queue = new EventQueue()
        const ran: number[] = []
        const events = planned.map(({ time }, i) => queue.add(time, () => ran.push(i)))
        for (const [i, { isCancelled }] of planned.entries()) if (isCancelled) events[i]?.cancel()
        for (let event = queue.take(); event !== null; event = queue.take()) event.run()
        const expected = planned
          .map(({ time, isCancelled }, i) => ({ time, isCancelled, i }))
          .filter(({ isCancelled }) => !isCancelled)
          .sort((a, b) => a.time - b.time || a.i - b.i)
        expect(ran).toEqual(expected.map(({ i }) => i))
      }),
    )
  })

  it('shows the next event without taking it', () => {
    const queue = new EventQueue()
    queue.add(2, () => {})
    const first = queue.add(1, () => {})
    expect(queue.peek()).toBe(first)
    expect(queue.take()).toBe(first)
    expect(queue.peek()?.time).toBe(2)
  })
})
