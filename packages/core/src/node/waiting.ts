import { NodeStoppedError, type RaftError, WaitAbortedError } from '../errors.js'

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

/** Waits until `value()` is not null; `subscribe` says when to look again. */
export function waitUntil<T>(
  what: string,
  value: () => T | null,
  subscribe: (wake: () => void) => () => void,
  stopped: Promise<void>,
  hasStopped: () => boolean,
  options: WaitOptions | undefined,
): Promise<T> {
  const signal = options?.signal
  if (hasStopped()) return Promise.reject(new NodeStoppedError())
  if (signal?.aborted) return Promise.reject(new WaitAbortedError(what))
  const now = value()
  if (now !== null) return Promise.resolve(now)
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void) => {
      unsubscribe()
      signal?.removeEventListener('abort', onAbort)
      settle()
    }
    const onAbort = () => finish(() => reject(new WaitAbortedError(what)))
    const unsubscribe = subscribe(() => {
      const found = value()
      if (found !== null) finish(() => resolve(found))
    })
    signal?.addEventListener('abort', onAbort, { once: true })
    const onStopped = (cause?: unknown) => finish(() => reject(new NodeStoppedError(cause)))
    stopped.then(() => onStopped(), onStopped)
  })
}
