import assert from 'node:assert/strict'
import type { Clock } from '@raft/core'
import { Suite, type SuiteOptions } from './suite.js'
import { within } from './waiting.js'

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
    const time = clock.now() + 10.5
    let calls = 0
    clock.schedule(time, () => {
      calls += 1
      // The system's timers count whole milliseconds, of a clock of their own.
      assert(clock.now() >= time - 1, `called ${time - clock.now()} ms early`)
    })
    await scheduled(clock, time + 30)
    assert.equal(calls, 1)
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
}
