import type { Call } from './call.js'

/** So many calls a Map takes before a fresh one does. */
const CALLS_PER_MAP = 4096

/**
 * Calls under way, by their ids. A Map through which thousands come and go replaces its table again and again, and V8 has each
 * table point to the one after it: once one has grown old, all later ones and their calls are kept, and copied, until the whole
 * heap is collected. So each Map takes some calls only, and is left behind when they have ended.
 */
export class CallsById {
  readonly #callsPerMap: number
  #older = new Map<number, Call>()
  #newer = new Map<number, Call>()
  /** How many calls the newer one has taken. */
  #taken = 0

  constructor(callsPerMap = CALLS_PER_MAP) {
    this.#callsPerMap = callsPerMap
  }

  get size(): number {
    return this.#older.size + this.#newer.size
  }

  get(id: number): Call | undefined {
    return this.#newer.get(id) ?? this.#older.get(id)
  }

  /** @param id of no call that is here */
  add(id: number, call: Call): void {
    if (this.#taken >= this.#callsPerMap && this.#taken >= 2 * this.size) this.#begin()
    this.#newer.set(id, call)
    this.#taken += 1
  }

  delete(id: number): void {
    if (!this.#newer.delete(id)) this.#older.delete(id)
  }

  /** All of them, oldest first, and none is left. */
  takeAll(): Call[] {
    const calls = [...this.values()]
    this.#older = new Map()
    this.#newer = new Map()
    return calls.sort((a, b) => a.sequence - b.sequence)
  }

  /** In no order. */
  *values(): Iterable<Call> {
    yield* this.#older.values()
    yield* this.#newer.values()
  }

  /** What is left of the older calls, a few that take long, goes along. */
  #begin(): void {
    const next = new Map(this.#older)
    this.#older = this.#newer
    this.#newer = next
    this.#taken = 0
  }
}
