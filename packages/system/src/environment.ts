import { performance } from 'node:perf_hooks'
import { nextTick as processNextTick } from 'node:process'
import * as timers from 'node:timers'

/*
 * Timers and clocks of this process, taken once, when this module is loaded. Fake timers of tests (vitest, Jest, Sinon) take the
 * place of the global functions for a while. A timer that was set with a fake function never fires once the fakes are gone, and
 * a member or a transport that waits for it would stand still for ever. So the other packages use these, and not the global ones.
 */

export const setTimeout = timers.setTimeout
export const clearTimeout = timers.clearTimeout
export const setImmediate = timers.setImmediate
export const queueMicrotask = globalThis.queueMicrotask
export const nextTick = processNextTick

/** Milliseconds from any origin, which never go back. */
export const now: () => number = performance.now.bind(performance)
