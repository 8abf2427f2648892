import type { Clock, Random } from '@raft/core'
import { clearTimeout, now, setImmediate, setTimeout } from './environment.js'

/** The longest delay that a Node timer takes; later times are reached in several steps. */
const LONGEST_DELAY = 2 ** 31 - 1

/**
 * Core's port for time, with Node's monotonic clock and timers. What is deferred runs when the sockets and files have brought all
 * that this turn of the event loop has for them, and so shares one batch.
 */
export const nodeClock: Clock = {
  now,
  schedule(time, callback) {
    let timer: NodeJS.Timeout
    const arm = () => {
      const delay = time - now()
      timer = delay > LONGEST_DELAY ? setTimeout(arm, LONGEST_DELAY) : setTimeout(fire, Math.max(0, delay))
    }
    // A timer may fire up to a millisecond before its time.
    const fire = () => (now() < time ? arm() : callback())
    arm()
    return () => clearTimeout(timer)
  },
  defer(callback) {
    deferred.push(callback)
    if (deferred.length === 1 && !isRunning) setImmediate(runDeferred)
  },
}

/** What is deferred by what was deferred runs in the same turn, so often: a request is appended, sent and answered without waiting. */
const ROUNDS_PER_TURN = 4
let deferred: (() => void)[] = []
let isRunning = false

function runDeferred(): void {
  isRunning = true
  let round: (() => void)[] = []
  let next = 0
  try {
    for (let count = 0; count < ROUNDS_PER_TURN && deferred.length > 0; count++) {
      round = deferred
      deferred = []
      for (next = 0; next < round.length; next++) round[next]?.()
    }
  } finally {
    isRunning = false
    // One that throws keeps none from running.
    if (next < round.length) deferred = [...round.slice(next + 1), ...deferred]
    if (deferred.length > 0) setImmediate(runDeferred)
  }
}

/** Core's port for randomness. Election timeouts need no secrecy. */
export const nodeRandom: Random = Math.random
