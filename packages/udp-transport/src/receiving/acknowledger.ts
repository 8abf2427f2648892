import type { Writer } from '@raft/core'
import { SMALLEST_ACK, writeAcknowledgement } from '../frames.js'
import { MAX_ACK_DELAY } from '../sending/round-trip.js'
import { ReceivedRanges } from './received-ranges.js'

/** Decides when to acknowledge: every second datagram, at once where something is missing, and soon in any case. */
export class Acknowledger {
  readonly #received = new ReceivedRanges()
  #owed = 0
  #dueAt = Number.POSITIVE_INFINITY
  #newest = -1
  #newestAt = 0

  /** When an acknowledgement must leave; infinity when none is owed. */
  get dueAt(): number {
    return this.#dueAt
  }

  onReceived(counter: number, now: number): void {
    this.#received.add(counter)
    if (counter < this.#newest) return
    this.#newest = counter
    this.#newestAt = now
  }

  owe(atOnce: boolean, now: number): void {
    this.#owed += 1
    if (atOnce || this.#owed >= 2) this.#dueAt = now
    else this.#dueAt = Math.min(this.#dueAt, now + MAX_ACK_DELAY)
  }

  /** Writes what is owed, if it is due or `rides` along with something else. Returns whether it did. */
  write(writer: Writer, end: number, rides: boolean, window: (now: number) => number, now: number): boolean {
    if (this.#owed === 0 || (!rides && now < this.#dueAt) || end < SMALLEST_ACK) return false
    writeAcknowledgement(writer, { ranges: this.#received.ranges, delay: now - this.#newestAt, window: window(now) }, end)
    this.#owed = 0
    this.#dueAt = Number.POSITIVE_INFINITY
    return true
  }
}
