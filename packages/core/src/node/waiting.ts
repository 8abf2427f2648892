import { type RaftError, WaitAbortedError } from '../errors.js'

export interface WaitOptions {
  /** Ends the wait when it aborts. `AbortSignal.timeout(ms)` makes a deadline of it. */
  readonly signal?: AbortSignal
}

/** A promise for what a callback brings, which ends early when the signal aborts. */
export function awaitCallback<T>(
  start: (done: (error: RaftError | null, value: T | undefined) => void) => void,
  options: WaitOptions | undefined,
  whenAborted: () => RaftError = () => new WaitAbortedError('the answer'),
): Promise<T> {
  const signal = options?.signal
  if (signal === undefined) {
    return new Promise((resolve, reject) => start((error, value) => (error === null ? resolve(value as T) : reject(error))))
  }
  // Nothing has begun yet, so the outcome is known: nothing happened.
  if (signal.aborted) return Promise.reject(new WaitAbortedError('the answer: the signal was aborted before the start'))
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(whenAborted())
    signal.addEventListener('abort', onAbort, { once: true })
    start((error, value) => {
      signal.removeEventListener('abort', onAbort)
      if (error === null) resolve(value as T)
      else reject(error)
    })
  })
}

/** Those who wait for something about the node to change. */
export class Waiters {
  readonly #waiting = new Set<() => void>()

  /** Something has changed, or the node has stopped. */
  wake(): void {
    for (const look of [...this.#waiting]) look()
  }

  /** Waits until `value()` is not null; rejects with what it throws. */
  until<T>(what: string, value: () => T | null, options: WaitOptions | undefined): Promise<T> {
    const signal = options?.signal
    return new Promise((resolve, reject) => {
      const finish = () => {
        this.#waiting.delete(look)
        signal?.removeEventListener('abort', look)
      }
      const look = () => {
        try {
          if (signal?.aborted) throw new WaitAbortedError(what)
          const found = value()
          if (found === null) return
          finish()
          resolve(found)
        } catch (error) {
          finish()
          reject(error)
        }
      }
      this.#waiting.add(look)
      signal?.addEventListener('abort', look, { once: true })
      look()
    })
  }
}
