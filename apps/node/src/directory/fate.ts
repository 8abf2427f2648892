/** What the member dies of, where that is none of the node's own errors, and may come before there is a node. */
export class Fate {
  error: Error | null = null
  #onFailed: ((error: Error) => void) | null = null

  fail(error: Error): void {
    this.error ??= error
    this.#onFailed?.(this.error)
  }

  set onFailed(onFailed: (error: Error) => void) {
    this.#onFailed = onFailed
    if (this.error !== null) onFailed(this.error)
  }
}
