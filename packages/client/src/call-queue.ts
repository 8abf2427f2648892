import type { Call } from './call.js'

const COMPACT_FROM = 1024

/** Calls that wait to be sent, oldest first. Those that were settled meanwhile are passed over. */
export class CallQueue {
  #calls: Call[] = []
  #head = 0
  #again: Call[] = []
  /** Calls that wait and are not settled, and the bytes of their bodies. */
  count = 0
  bytes = 0

  push(call: Call): void {
    this.#calls.push(call)
    this.#add(call)
  }

  /** Back into the queue, to the place that its age gives it. */
  pushAgain(call: Call): void {
    this.#again.push(call)
    this.#add(call)
  }

  /** The oldest call, left where it is. */
  peek(): Call | null {
    if (this.#again.length > 0) this.#merge()
    while (this.#head < this.#calls.length) {
      const call = this.#calls[this.#head] as Call
      if (!call.settled) return call
      this.#head += 1
    }
    this.#compact()
    return null
  }

  /** Takes away the call that `peek` has just given. */
  shift(): void {
    const call = this.#calls[this.#head] as Call
    this.#head += 1
    this.count -= 1
    this.bytes -= call.body.length
    if (this.#head >= COMPACT_FROM && this.#head * 2 > this.#calls.length) this.#compact()
  }

  /** A call in the queue has been settled. */
  forget(call: Call): void {
    this.count -= 1
    this.bytes -= call.body.length
    const settled = this.#calls.length - this.#head + this.#again.length - this.count
    if (settled > COMPACT_FROM && settled > this.count) this.#merge()
  }

  /** `visit` must not change the queue. */
  forEach(visit: (call: Call) => void): void {
    if (this.#again.length > 0) this.#merge()
    for (let i = this.#head; i < this.#calls.length; i++) {
      const call = this.#calls[i] as Call
      if (!call.settled) visit(call)
    }
  }

  #add(call: Call): void {
    this.count += 1
    this.bytes += call.body.length
  }

  #merge(): void {
    const calls = [...this.#again, ...this.#calls.slice(this.#head)].filter((call) => !call.settled)
    calls.sort((a, b) => a.sequence - b.sequence)
    this.#calls = calls
    this.#head = 0
    this.#again = []
  }

  #compact(): void {
    this.#calls = this.#calls.slice(this.#head)
    this.#head = 0
  }
}
