import type { Segment } from './outgoing.js'

/** The half of a stream that receives: segments put in order, and what the process has not read yet. */
export class Incoming {
  readonly #capacity: number
  readonly #early = new Map<number, Segment>()
  readonly #unread: Uint8Array[] = []
  #unreadBytes = 0
  #next = 0
  #hasEnded = false

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** The number of the segment that follows what has come. */
  get next(): number {
    return this.#next
  }

  get room(): number {
    return Math.max(0, this.#capacity - this.#unreadBytes)
  }

  get chunks(): number {
    return this.#unread.length
  }

  /** The other side sends no more, and all it sent is here. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  add(segment: Segment): void {
    if (segment.number < this.#next) return
    this.#early.set(segment.number, segment)
    for (;;) {
      const following = this.#early.get(this.#next)
      if (following === undefined) return
      this.#early.delete(this.#next)
      this.#next += 1
      if (following.isLast) this.#hasEnded = true
      if (following.bytes.length === 0) continue
      this.#unread.push(following.bytes)
      this.#unreadBytes += following.bytes.length
    }
  }

  /** The oldest `count` chunks as one. */
  take(count: number): Uint8Array {
    const taken = this.#unread.splice(0, count)
    const length = taken.reduce((sum, { length }) => sum + length, 0)
    this.#unreadBytes -= length
    if (taken.length === 1) return taken[0] as Uint8Array
    const joined = new Uint8Array(length)
    let at = 0
    for (const chunk of taken) {
      joined.set(chunk, at)
      at += chunk.length
    }
    return joined
  }
}
