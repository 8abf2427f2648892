/** The port for time. Times are in milliseconds, from any origin, and never go back. */
export interface Clock {
  now(): number
  /** Calls `callback` once at `time` or later, and never from inside `schedule`; returns a function that calls it off. */
  schedule(time: number, callback: () => void): () => void
  /** Calls `callback` once, soon, after what is happening now; what else has arrived by then may come first. */
  defer(callback: () => void): void
}

/** The port for randomness: a number from 0 up to but not including 1, as `Math.random`. */
export type Random = () => number
