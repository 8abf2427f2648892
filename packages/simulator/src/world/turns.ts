import { nextTick as processNextTick } from 'node:process'
import * as timers from 'node:timers'

/** Taken once, when this module is loaded: what a test puts in the place of timers for a while must not stop a simulation. */
const { setImmediate } = timers
const nextTick = processNextTick

/** Fulfilled once no promise has anything left to run. */
export function drained(): Promise<void> {
  return new Promise((resolve) => nextTick(resolve))
}

/** The same, after whatever else goes on in this process. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
