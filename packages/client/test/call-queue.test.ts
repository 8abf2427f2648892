import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Call, Route } from '../src/call.js'
import { CallQueue } from '../src/call-queue.js'
import type { Link } from '../src/link.js'
import { isOnlyFor, WaitingCalls } from '../src/waiting-calls.js'

function callOf(sequence: number, bytes = 1, route: Route = 'leader'): Call {
  return { sequence, route, body: new Uint8Array(bytes), settled: false } as unknown as Call
}

const sequences = (calls: readonly Call[]) => calls.map(({ sequence }) => sequence)

/** All that waits in a queue, in the order in which it would be sent. */
function visited(queue: CallQueue | WaitingCalls): Call[] {
  const calls: Call[] = []
  queue.forEach((call) => {
    calls.push(call)
  })
  return calls
}

/** A queue, and the plain list that it must agree with. */
class Pair {
  readonly queue = new CallQueue()
  /** What waits, oldest first. */
  readonly waiting: Call[] = []
  /** The calls that were taken out and not settled. */
  readonly taken: Call[] = []
  #next = 0

  push(a: number): void {
    const call = callOf(this.#next++, a % 5)
    this.queue.push(call)
    this.waiting.push(call)
  }

  pushAgain(a: number): void {
    const [call] = this.taken.splice(a % (this.taken.length + 1), 1)
    if (call === undefined) return
    this.queue.pushAgain(call)
    this.waiting.push(call)
    this.waiting.sort((one, other) => one.sequence - other.sequence)
  }

  shift(): void {
    const call = this.queue.peek()
    expect(call).toBe(this.waiting[0] ?? null)
    if (call === null) return
    this.queue.shift()
    this.waiting.shift()
    this.taken.push(call)
  }

  forget(a: number): void {
    const [call] = this.waiting.splice(a % (this.waiting.length + 1), 1)
    if (call === undefined) return
    // As the dispatcher does it: first out of the queue's account, and settled then.
    this.queue.forget(call)
    call.settled = true
  }

  visit(): void {
    expect(sequences(visited(this.queue))).toEqual(sequences(this.waiting))
  }

  check(): void {
    expect(this.queue.count).toBe(this.waiting.length)
    expect(this.queue.bytes).toBe(this.waiting.reduce((sum, { body }) => sum + body.length, 0))
  }
}

const kinds = ['push', 'push', 'push', 'pushAgain', 'shift', 'shift', 'forget', 'visit'] as const
const step = fc.tuple(fc.constantFrom(...kinds), fc.nat())

describe('calls that wait', () => {
  test('are sent in the order of the calls, however often they come back, and without those that were settled', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const pair = new Pair()
        for (const [kind, a] of steps) {
          pair[kind](a)
          pair.check()
        }
        while (pair.waiting.length > 0) pair.shift()
        pair.check()
        expect([pair.queue.peek(), pair.queue.count, pair.queue.bytes]).toEqual([null, 0, 0])
      }),
      { numRuns: 300 },
    )
  })

  test.each([1, 3, 1000])('are in order in thousands, too, when they leave by the %i and some are settled meanwhile', (atOnce) => {
    const pair = new Pair()
    for (let round = 0; round < 6; round++) {
      for (let i = 0; i < 1500; i++) pair.push(i)
      for (let i = 0; i < 500; i++) pair.forget(i * 3)
      for (let i = 0; i < Math.min(600, atOnce * 200); i++) pair.shift()
      for (let i = 0; i < 50; i++) pair.pushAgain(i)
      pair.check()
    }
    pair.visit()
    while (pair.waiting.length > 0) pair.shift()
    pair.check()
  })
})

describe('calls of several kinds that wait', () => {
  const address = { address: 'n1:1' }
  const calls = [callOf(0, 2), callOf(1, 3, 'any'), callOf(2, 5, address)] as const
  const [forLeader, forAny, directed] = calls

  test('are kept by where they may go, counted together, and all visited', () => {
    const waiting = new WaitingCalls()
    for (const call of calls) waiting.add(call)
    expect([waiting.forLeader.peek(), waiting.forAny.peek(), [...waiting.directed]]).toEqual([forLeader, forAny, [directed]])
    // Those for one member are few and small: they are not limited by their bytes.
    expect([waiting.count, waiting.bytes]).toEqual([3, 5])
    expect(new Set(visited(waiting))).toEqual(new Set(calls))
    for (const call of calls) waiting.forget(call)
    expect([waiting.count, waiting.bytes, waiting.directed.size]).toEqual([0, 0, 0])
    expect([waiting.forLeader.count, waiting.forAny.count]).toEqual([0, 0])
  })

  test('wait again where they waited, but for one that only one member can answer', () => {
    const waiting = new WaitingCalls()
    expect(calls.map((call) => waiting.addAgain(call))).toEqual([true, true, false])
    expect([waiting.forLeader.peek(), waiting.forAny.peek(), waiting.count]).toEqual([forLeader, forAny, 2])
  })

  test('are only for the member whose address they have', () => {
    const link = (to: string) => ({ address: to }) as Link
    expect(calls.map((call) => isOnlyFor(call, link('n1:1')))).toEqual([false, false, true])
    expect(isOnlyFor(directed, link('n2:1'))).toBe(false)
  })
})
