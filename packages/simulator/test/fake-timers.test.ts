import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { World } from '../src/world/world.js'

/* Tests of an application fake timers around a simulation. */

const FAKED = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
  'queueMicrotask',
  'Date',
  'hrtime',
  'performance',
] as const

beforeEach(() => void vi.useFakeTimers({ toFake: [...FAKED] }))
afterEach(() => void vi.useRealTimers())

test('a simulation goes on while timers are faked', async () => {
  const world = new World(1)
  for (let i = 0; i < 3000; i++) world.after(i, () => {})
  await world.run(3000)
  expect(world.events).toBe(3000)
})
