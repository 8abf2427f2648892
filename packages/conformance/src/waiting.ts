import { performance } from 'node:perf_hooks'
import * as timers from 'node:timers'

/** Taken once, when this module is loaded: a test runner that fakes timers must not stop the suites. */
const { clearTimeout, setImmediate, setTimeout } = timers

/** Milliseconds from any origin, which never go back. */
export const now: () => number = performance.now.bind(performance)

/** Settles as `promise` does, or rejects when that takes longer than `timeout` milliseconds. */
export async function within<T>(timeout: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${timeout} ms`)), timeout)
  })
  try {
    return await Promise.race([promise, expired])
  } finally {
    clearTimeout(timer)
  }
}

/** Lets what was put off happen: a few turns of the event loop, timers of no time included. */
export async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i++) {
    await new Promise<void>((resolve) => setTimeout(resolve, 0))
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
