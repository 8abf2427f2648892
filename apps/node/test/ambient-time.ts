/*
 * Timers and clock as the global object has them at each call, so that a test can fake those of the product:
 * `vi.mock('@raft/system', async (original) => ({ ...(await original()), ...(await import('./ambient-time.js')) }))`.
 */

export const setTimeout = (callback: () => void, delay: number) => globalThis.setTimeout(callback, delay)
export const clearTimeout = (timer?: NodeJS.Timeout) => globalThis.clearTimeout(timer)
export const setImmediate = (callback: () => void) => globalThis.setImmediate(callback)
export const now = () => performance.now()
