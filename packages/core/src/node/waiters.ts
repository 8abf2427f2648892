import { WaitAbortedError } from '../errors.js'
import type { WaitOptions } from './await-callback.js'

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
