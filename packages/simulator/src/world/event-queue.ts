/** Something that will happen, unless it is called off. */
export class ScheduledEvent {
  readonly time: number
  readonly order: number
  #action: (() => void) | null

  constructor(time: number, order: number, action: () => void) {
    this.time = time
    this.order = order
    this.#action = action
  }

  get isCancelled(): boolean {
    return this.#action === null
  }

  cancel(): void {
    this.#action = null
  }

  run(): void {
    const action = this.#action
    this.#action = null
    action?.()
  }
}

/** Events by time; those of one time in the order in which they were scheduled. */
export class EventQueue {
  readonly #heap: ScheduledEvent[] = []
  #order = 0

  add(time: number, action: () => void): ScheduledEvent {
    const event = new ScheduledEvent(time, this.#order++, action)
    const heap = this.#heap
    let at = heap.length
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent] as ScheduledEvent
      if (!isBefore(event, above)) break
      heap[at] = above
      at = parent
    }
    heap[at] = event
    return event
  }

  /** The next event that was not called off. */
  peek(): ScheduledEvent | null {
    for (;;) {
      const first = this.#heap[0]
      if (first === undefined) return null
      if (!first.isCancelled) return first
      this.#removeFirst()
    }
  }

  /** Takes what `peek` shows. */
  take(): ScheduledEvent | null {
    const first = this.peek()
    if (first !== null) this.#removeFirst()
    return first
  }

  #removeFirst(): void {
    const heap = this.#heap
    const last = heap.pop() as ScheduledEvent
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1] as ScheduledEvent, heap[child] as ScheduledEvent)) child += 1
      const least = heap[child] as ScheduledEvent
      if (!isBefore(least, last)) break
      heap[at] = least
      at = child
    }
    heap[at] = last
  }
}

function isBefore(a: ScheduledEvent, b: ScheduledEvent): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order)
}
