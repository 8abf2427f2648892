/**
 * Typed events. A listener that throws is reported to `onError` and harms neither the node nor the other listeners; one
 * that throws while it is told of such an error is not told of its own.
 */
export class Listeners<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>()
  readonly #onError: (error: unknown) => void
  #reporting = false

  constructor(onError: (error: unknown) => void) {
    this.#onError = (error) => {
      if (this.#reporting) return
      this.#reporting = true
      onError(error)
      this.#reporting = false
    }
  }

  /** Returns a function that removes the listener again. */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    const set = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, set)
    set.add(listener)
    return () => set.delete(listener)
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) this.call(listener as (event: Events[Name]) => unknown, event)
  }

  /** Calls a user's function, sync or async, so that nothing it does can harm the caller. */
  call<Event>(callback: (event: Event) => unknown, event: Event): void {
    try {
      const result = callback(event)
      // A rejection comes later: who is told of an error now must not be told of its own then, for ever.
      if (result instanceof Promise) result.catch(this.#reporting ? () => {} : this.#onError)
    } catch (error) {
      this.#onError(error)
    }
  }
}
