import assert from 'node:assert/strict'
import type { Clock } from '@raft/core'
import { Suite, type SuiteOptions } from './suite.js'
import { now, sleep, within } from './waiting.js'

export interface ClockSuiteOptions extends SuiteOptions<never> {
  /** A clock whose time passes by itself. */
  readonly make: () => Clock
}

/** Declares the tests of the `Clock` port. */
export function clockSuite(options: ClockSuiteOptions): void {
  const suite = new Suite(options, [])
  const { make } = options
  const scheduled = (clock: Clock, time: number) =>
    within(suite.timeout, 'a scheduled callback', new Promise<void>((resolve) => void clock.schedule(time, resolve)))

  suite.test('time does not go back', async () => {
    const clock = make()
    let last = clock.now()
    for (let i = 0; i < 100; i++) {
      await new Promise<void>((resolve) => clock.defer(resolve))
      const now = clock.now()
      assert(now >= last, `${now} after ${last}`)
      last = now
    }
  })

  suite.test('a callback is called once, at its time or later', async () => {
    const clock = make()
    const time = clock.now() + 100.5
    const calledAt: number[] = []
    clock.schedule(time, () => void calledAt.push(clock.now()))
    await scheduled(clock, time + 30)
    assert.equal(calledAt.length, 1, 'calls of one callback')
    // The system's timers count whole milliseconds, of a clock of their own.
    for (const at of calledAt) assert(at >= time - 1, `called ${time - at} ms early`)
  })

  suite.test('a callback whose time has passed is called soon, but never from inside schedule or defer', async () => {
    const clock = make()
    let inside = true
    const seen: boolean[] = []
    clock.schedule(clock.now() - 1000, () => void seen.push(inside))
    clock.schedule(0, () => void seen.push(inside))
    clock.defer(() => void seen.push(inside))
    inside = false
    await scheduled(clock, clock.now() + 30)
    assert.deepEqual(seen, [false, false, false])
  })

  suite.test('a callback that was called off is not called; calling off afterwards does nothing', async () => {
    const clock = make()
    let calls = 0
    const callOff = clock.schedule(clock.now() + 5, () => {
      calls += 1
    })
    callOff()
    callOff()
    const late = clock.schedule(clock.now(), () => {})
    await scheduled(clock, clock.now() + 30)
    late()
    assert.equal(calls, 0)
  })

  suite.test('time is in milliseconds', async () => {
    const clock = make()
    const outside = now()
    const start = clock.now()
    const inside = now()
    await sleep(60)
    const least = now() - inside
    const passed = clock.now() - start
    const most = now() - outside
    // Whatever it counts, it may be a few whole milliseconds and a tenth off.
    assert(passed > least * 0.9 - 3 && passed < most * 1.1 + 3, `${passed} passed in ${least} to ${most} ms`)
  })

  suite.test('a time that is weeks away is not now', async () => {
    const clock = make()
    let calls = 0
    // The timers of Node.js take 2 ** 31 - 1 ms at most, and fire at once for more.
    const callOff = [2 ** 24, 2 ** 31 - 1e5, 2 ** 31, 2 ** 32, 2 ** 40].map((away) =>
      clock.schedule(clock.now() + away, () => {
        calls += 1
      }),
    )
    await scheduled(clock, clock.now() + 30)
    for (const each of callOff) each()
    assert.equal(calls, 0, 'callbacks that were called weeks early')
  })

  suite.test('a callback can call off another of the same time', async () => {
    const clock = make()
    const time = clock.now() + 10
    let calls = 0
    const both: (() => void)[] = []
    for (const other of [1, 0])
      both.push(
        clock.schedule(time, () => {
          calls += 1
          both[other]?.()
        }),
      )
    await scheduled(clock, time + 30)
    assert.equal(calls, 1, 'of two callbacks, of which the first calls off the other')
  })
}
