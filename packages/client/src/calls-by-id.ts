import type { Call } from './call.js'

const FIRST_PLACES = 64

/**
 * Calls under way, by their ids: a hash table with linear probing, for ids that follow one another. A Map through which so
 * many come and go replaces its table again and again, and V8 has each table point to the one after it: once one has grown
 * old, all later ones and their calls are kept, and copied, until the whole heap is collected.
 */
export class CallsById {
  #ids = new Uint32Array(FIRST_PLACES)
  #calls: (Call | undefined)[] = new Array<Call | undefined>(FIRST_PLACES).fill(undefined)
  #size = 0

  get size(): number {
    return this.#size
  }

  get(id: number): Call | undefined {
    return this.#calls[this.#find(id)]
  }

  /** @param id of no call that is here */
  add(id: number, call: Call): void {
    if (2 * (this.#size + 1) > this.#calls.length) this.#grow()
    const place = this.#find(id)
    this.#ids[place] = id
    this.#calls[place] = call
    this.#size += 1
  }

  delete(id: number): void {
    const mask = this.#calls.length - 1
    let hole = this.#find(id)
    if (this.#calls[hole] === undefined) return
    this.#size -= 1
    // Those behind it that would not be found across a hole move up.
    for (let place = (hole + 1) & mask; this.#calls[place] !== undefined; place = (place + 1) & mask) {
      const home = (this.#ids[place] as number) & mask
      if (((place - home) & mask) < ((place - hole) & mask)) continue
      this.#ids[hole] = this.#ids[place] as number
      this.#calls[hole] = this.#calls[place]
      hole = place
    }
    this.#calls[hole] = undefined
  }

  /** All of them, oldest first, and none is left. */
  takeAll(): Call[] {
    const calls = [...this.values()]
    this.#calls.fill(undefined)
    this.#size = 0
    return calls.sort((a, b) => a.sequence - b.sequence)
  }

  /** In no order. Nothing must be added or deleted meanwhile. */
  *values(): Iterable<Call> {
    for (const call of this.#calls) if (call !== undefined) yield call
  }

  /** The place of the id, or the free one where it would be. */
  #find(id: number): number {
    const mask = this.#calls.length - 1
    let place = id & mask
    while (this.#calls[place] !== undefined && this.#ids[place] !== id) place = (place + 1) & mask
    return place
  }

  #grow(): void {
    const [ids, calls] = [this.#ids, this.#calls]
    this.#ids = new Uint32Array(2 * calls.length)
    this.#calls = new Array<Call | undefined>(2 * calls.length).fill(undefined)
    this.#size = 0
    calls.forEach((call, place) => {
      if (call !== undefined) this.add(ids[place] as number, call)
    })
  }
}
