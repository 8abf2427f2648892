import { encodedMessageLength, type Message } from '@raft/core'
import type { HeldSum } from '../held-sum.js'

/** Maximum number of control messages that wait for a session or for the end of a turn. Only the newest matter. */
const MAX_CONTROL = 1024

/** The messages to one peer that wait for a session, or for the end of a turn. */
export class SendQueue {
  readonly #maxBulkBytes: number
  #control: Message[] = []
  #bulk: Message[] = []
  #bulkBytes = 0

  constructor(maxBulkBytes: number) {
    this.#maxBulkBytes = maxBulkBytes
  }

  get count(): number {
    return this.#control.length + this.#bulk.length
  }

  /** Returns false when the oldest had to make room. */
  pushControl(message: Message): boolean {
    this.#control.push(message)
    if (this.#control.length <= MAX_CONTROL) return true
    this.#control.shift()
    return false
  }

  /** Returns false when there is no room. */
  pushBulk(message: Message): boolean {
    const bytes = encodedMessageLength(message)
    if (this.#bulk.length > 0 && this.#bulkBytes + bytes > this.#maxBulkBytes) return false
    this.#bulk.push(message)
    this.#bulkBytes += bytes
    return true
  }

  takeControl(): readonly Message[] {
    const taken = this.#control
    if (taken.length > 0) this.#control = []
    return taken
  }

  takeBulk(): readonly Message[] {
    const taken = this.#bulk
    if (taken.length > 0) this.#bulk = []
    this.#bulkBytes = 0
    return taken
  }

  /** @internal */
  heldSums(): HeldSum[] {
    const there = this.#bulk.reduce((sum, message) => sum + encodedMessageLength(message), 0)
    return [{ name: 'bytes that wait for a session', kept: this.#bulkBytes, there, isZeroAtRest: true }]
  }

  /** Forgets everything, and returns how many messages that were. */
  drop(): number {
    return this.takeControl().length + this.takeBulk().length
  }
}
