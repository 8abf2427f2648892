import { EventQueue, type ScheduledEvent } from './event-queue.js'
import { Prng } from './prng.js'
import { Trace } from './trace.js'
import { drained, turn } from './turns.js'

/** A promise that the code under test did not keep. */
export interface Violation {
  /** Name of the oracle that saw it. */
  readonly oracle: string
  readonly message: string
  /** Which event it was, counted from 1, and when, in virtual ms. */
  readonly event: number
  readonly time: number
}

/** So many events, and the process gets to its timers and messages. */
const EVENTS_A_TURN = 1024

/**
 * Virtual time, chance, the record of what happened, and the first oracle that was broken. Nothing in a simulation takes time,
 * chance or order from anywhere else, so the seed decides everything.
 */
export class World {
  readonly seed: number
  readonly trace: Trace
  /** How often each fault, and each thing worth counting, has happened. */
  readonly counts = new Map<string, number>()
  #now = 0
  #events = 0
  #violation: Violation | null = null
  readonly #queue = new EventQueue()
  readonly #prng: Prng

  constructor(seed: number, keptTraceLines?: number) {
    this.seed = seed
    this.trace = new Trace(keptTraceLines)
    this.#prng = new Prng(seed)
  }

  /** Virtual ms since the beginning. */
  get now(): number {
    return this.#now
  }

  /** How many events have run. */
  get events(): number {
    return this.#events
  }

  get violation(): Violation | null {
    return this.#violation
  }

  /** An independent stream of chance, named after who draws from it. */
  random(name: string): Prng {
    return this.#prng.fork(name)
  }

  after(delay: number, action: () => void): ScheduledEvent {
    return this.#queue.add(this.#now + Math.max(0, delay), action)
  }

  count(what: string, times = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + times)
  }

  note(what: string, ...parts: (string | number | boolean | null)[]): void {
    this.trace.note(this.#now, what, ...parts)
  }

  /** The first one counts. Not thrown: it may be found deep inside the code under test, which would catch it. */
  violated(oracle: string, message: string): void {
    this.#violation ??= { oracle, message, event: this.#events, time: this.#now }
  }

  /** Runs what is due until `end` (virtual ms), or until `isEnough`, or until an oracle is broken. */
  async run(end: number, isEnough: () => boolean = () => false): Promise<void> {
    while (this.#violation === null && !isEnough()) {
      const next = this.#queue.peek()
      if (next === null || next.time > end) break
      this.#queue.take()
      this.#now = next.time
      this.#events += 1
      next.run()
      // What settled promises have made ready runs before the next event.
      await (this.#events % EVENTS_A_TURN === 0 ? turn() : drained())
    }
    if (this.#violation === null && !isEnough()) this.#now = Math.max(this.#now, end)
  }
}
