import type { Clock } from '../../src/ports.js'

interface Timer {
  readonly time: number
  readonly sequence: number
  readonly callback: () => void
}

/** Time that stands still until `run` lets it pass. */
export class VirtualClock implements Clock {
  #now = 0
  #sequence = 0
  readonly #timers = new Set<Timer>()

  now(): number {
    return this.#now
  }

  schedule(time: number, callback: () => void): () => void {
    const timer = { time: Math.max(time, this.#now), sequence: this.#sequence++, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  defer(callback: () => void): void {
    this.schedule(this.#now, callback)
  }

  get timers(): number {
    return this.#timers.size
  }

  /** Lets `ms` pass; promises that become settled on the way are carried on with at once. */
  async run(ms: number): Promise<void> {
    const end = this.#now + ms
    for (;;) {
      await drained()
      const next = this.#earliest()
      if (next === null || next.time > end) break
      this.#now = next.time
      this.#timers.delete(next)
      next.callback()
    }
    this.#now = end
  }

  #earliest(): Timer | null {
    let found: Timer | null = null
    for (const timer of this.#timers)
      if (found === null || timer.time < found.time || (timer.time === found.time && timer.sequence < found.sequence)) found = timer
    return found
  }
}

/** Everything that promises have made ready has run. */
function drained(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
