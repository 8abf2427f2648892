import type { Clock } from '@raft/core'

interface Task {
  readonly time: number
  readonly order: number
  callback: (() => void) | null
}

/** Time that passes only in `run`; what is due at the same time runs in the order of its scheduling. */
export class VirtualClock implements Clock {
  #now = 1000
  #order = 0
  #turns = 0
  readonly #heap: Task[] = []

  now(): number {
    return this.#now
  }

  schedule(time: number, callback: () => void): () => void {
    const task: Task = { time: Math.max(time, this.#now), order: this.#order++, callback }
    this.#push(task)
    return () => {
      task.callback = null
    }
  }

  defer(callback: () => void): void {
    this.schedule(this.#now, callback)
  }

  /** Runs until `done()` or for `milliseconds`; returns how much time has passed. */
  run(milliseconds: number, done: () => boolean = () => false): number {
    const start = this.#now
    const end = start + milliseconds
    for (;;) {
      if (done()) return this.#now - start
      const task = this.#heap[0]
      if (task === undefined || task.time > end) break
      this.#pop()
      this.#turns = task.time === this.#now ? this.#turns + 1 : 0
      if (this.#turns > 100_000) throw new Error(`time stands still at ${this.#now}: timers fire without end`)
      this.#now = task.time
      task.callback?.()
    }
    this.#now = end
    return milliseconds
  }

  #before(a: Task, b: Task): boolean {
    return a.time < b.time || (a.time === b.time && a.order < b.order)
  }

  #push(task: Task): void {
    const heap = this.#heap
    let i = heap.length
    heap.push(task)
    while (i > 0) {
      const parent = (i - 1) >>> 1
      if (!this.#before(task, heap[parent] as Task)) break
      heap[i] = heap[parent] as Task
      i = parent
    }
    heap[i] = task
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop() as Task
    if (heap.length === 0) return
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && this.#before(heap[child + 1] as Task, heap[child] as Task)) child += 1
      if (!this.#before(heap[child] as Task, last)) break
      heap[i] = heap[child] as Task
      i = child
    }
    heap[i] = last
  }
}

/** A small generator of numbers that look random, from one seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
