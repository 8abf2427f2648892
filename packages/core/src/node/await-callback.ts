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
