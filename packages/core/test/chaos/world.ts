import { Prng } from './prng.js'
import { Trace } from './trace.js'

interface Scheduled {
  readonly time: number
  readonly order: number
  readonly run: () => void
}

export interface Violation {
  readonly oracle: string
  readonly message: string
}

/** Virtual time, chance, the record of what happened, and the first oracle that was broken. */
export class World {
  readonly prng: Prng
  readonly trace = new Trace()
  now = 0
  events = 0
  violation: Violation | null = null
  /** Something settled a promise: what waits for it must run before the next event. */
  promisesSettled = false
  readonly #heap: Scheduled[] = []
  #order = 0

  constructor(seed: number) {
    this.prng = new Prng(seed)
  }

  after(delay: number, run: () => void): void {
    const heap = this.#heap
    heap.push({ time: this.now + delay, order: this.#order++, run })
    let at = heap.length - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(heap[at] as Scheduled, heap[parent] as Scheduled)) break
      swap(heap, at, parent)
      at = parent
    }
  }

  /** Not thrown: it may be found deep inside the code under test, which would catch it. */
  violated(oracle: string, message: string): void {
    this.violation ??= { oracle, message }
  }

  /** Runs what is due until `end`, or until `enough`, or until an oracle is broken. */
  async run(end: number, enough: () => boolean = () => false): Promise<void> {
    while (this.violation === null && !enough()) {
      const next = this.#heap[0]
      if (next === undefined || next.time > end) break
      this.#pop()
      this.now = next.time
      this.events += 1
      next.run()
      if (!this.promisesSettled) continue
      this.promisesSettled = false
      for (let hop = 0; hop < 8; hop++) await null
    }
    if (this.violation === null && !enough()) this.now = Math.max(this.now, end)
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop() as Scheduled
    if (heap.length === 0) return
    heap[0] = last
    let at = 0
    for (;;) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && before(heap[child] as Scheduled, heap[least] as Scheduled)) least = child
      }
      if (least === at) return
      swap(heap, at, least)
      at = least
    }
  }
}

function before(a: Scheduled, b: Scheduled): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order)
}

function swap(heap: Scheduled[], a: number, b: number): void {
  const kept = heap[a] as Scheduled
  heap[a] = heap[b] as Scheduled
  heap[b] = kept
}
