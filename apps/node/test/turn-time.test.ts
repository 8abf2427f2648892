import { expect, test } from 'vitest'
import { TurnTime } from '../src/turn-time.js'

test('the clock is read once a turn, and again in the next', () => {
  let now = 10
  const deferred: (() => void)[] = []
  const clock = { now: () => now++, schedule: () => () => {}, defer: (callback: () => void) => void deferred.push(callback) }
  const time = new TurnTime(clock)
  expect([time.now(), time.now()]).toEqual([10, 10])
  expect(deferred).toHaveLength(1)
  for (const callback of deferred.splice(0)) callback()
  expect([time.now(), time.now()]).toEqual([11, 11])
})
