import type { Call } from './call.js'

/**
 * The callers' signals: one listener on each, however many calls share it, because a signal that serves a whole process would
 * otherwise collect thousands of listeners, and a warning with the eleventh.
 */
export class Aborts {
  readonly #watched = new Map<AbortSignal, Set<Call>>()
  readonly #onAbort: (call: Call, reason: unknown) => void

  constructor(onAbort: (call: Call, reason: unknown) => void) {
    this.#onAbort = onAbort
  }

  /** Calls that are watched. */
  get count(): number {
    let count = 0
    for (const calls of this.#watched.values()) count += calls.size
    return count
  }

  /** Until `call.release` is called. */
  watch(signal: AbortSignal, call: Call): void {
    const calls = this.#watched.get(signal) ?? this.#listen(signal)
    calls.add(call)
    call.release = () => {
      calls.delete(call)
      if (calls.size === 0 && this.#watched.get(signal) === calls) {
        this.#watched.delete(signal)
        signal.removeEventListener('abort', this.#fired)
      }
    }
  }

  #listen(signal: AbortSignal): Set<Call> {
    const calls = new Set<Call>()
    this.#watched.set(signal, calls)
    signal.addEventListener('abort', this.#fired, { once: true })
    return calls
  }

  readonly #fired = (event: Event): void => {
    const signal = event.target as AbortSignal
    const calls = this.#watched.get(signal)
    this.#watched.delete(signal)
    for (const call of calls ?? []) this.#onAbort(call, signal.reason)
  }
}
