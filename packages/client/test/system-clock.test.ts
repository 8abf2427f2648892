import { expect, test, vi } from 'vitest'
import { systemClock } from '../src/index.js'

// Timers are taken when the client is loaded, so that fakes do not reach it. Here they shall.
vi.mock('node:timers', () => ({
  setTimeout: (callback: () => void, delay: number) => globalThis.setTimeout(callback, delay),
  clearTimeout: (timer: NodeJS.Timeout) => globalThis.clearTimeout(timer),
  setImmediate: (callback: () => void) => globalThis.setImmediate(callback),
}))
vi.mock('node:perf_hooks', () => ({ performance: { now: () => performance.now() } }))

test('a time that is too far away for a timer of Node is waited for all the same', () => {
  vi.useFakeTimers()
  try {
    let isDue = false
    systemClock.schedule(systemClock.now() + 2 ** 31 + 1_000, () => {
      isDue = true
    })
    vi.advanceTimersByTime(2 ** 31)
    expect(isDue).toBe(false)
    vi.advanceTimersByTime(1_001)
    expect(isDue).toBe(true)
  } finally {
    vi.useRealTimers()
  }
})
