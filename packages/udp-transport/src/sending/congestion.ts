import type { RoundTrip } from './round-trip.js'

const BETA = 0.7
const C = 0.4
const INITIAL_DATAGRAMS = 10
const MIN_DATAGRAMS = 4
const MAX_WINDOW = 64 * 1024 * 1024
/** Least time for which pacing waits, in ms: what would leave sooner needs no timer. */
const QUANTUM = 2
/** Upper bound on the lateness of a timer that pacing makes up for, in ms. On a busy machine timers are late, and each would cost throughput. */
const CATCH_UP = 8

/** How many bytes may be in flight: CUBIC (RFC 9438), and how fast they may leave: pacing (RFC 9002 §7.7). */
export class Congestion {
  /** Bytes that may be in flight. */
  window: number
  #datagram: number
  #threshold = Number.POSITIVE_INFINITY
  #recoveryStart = Number.NEGATIVE_INFINITY
  #epochStart = -1
  #peak = 0
  #origin = 0
  #k = 0
  #reno = 0
  #budget = 0
  #budgetTime = Number.NEGATIVE_INFINITY

  constructor(datagramBytes: number) {
    this.#datagram = datagramBytes
    this.window = INITIAL_DATAGRAMS * datagramBytes
  }

  /** Sets the size of datagrams. */
  resize(datagramBytes: number): void {
    this.#datagram = datagramBytes
  }

  /** `limited`: the window was the reason that no more was in flight; otherwise it has not been tried, and does not grow. */
  onAcknowledged(bytes: number, sentAt: number, now: number, roundTrip: RoundTrip, limited: boolean): void {
    if (sentAt <= this.#recoveryStart || !limited) return
    if (this.window < this.#threshold) this.window += bytes
    else this.#grow(bytes, now, roundTrip)
    this.window = Math.min(this.window, MAX_WINDOW)
  }

  /** At most one decrease a round trip: what was sent before the last one does not count again. */
  onLost(sentAt: number, now: number): void {
    if (sentAt <= this.#recoveryStart) return
    this.#recoveryStart = now
    this.#peak = this.window
    this.window = Math.max(this.window * BETA, this.#datagram * MIN_DATAGRAMS)
    this.#threshold = this.window
    this.#epochStart = -1
  }

  /** Nothing was acknowledged for several timeouts: begin again. */
  onPersistentLoss(): void {
    this.#threshold = Math.max(this.window * BETA, this.#datagram * MIN_DATAGRAMS)
    this.window = this.#datagram * MIN_DATAGRAMS
    this.#epochStart = -1
  }

  /** Whether pacing lets another datagram go now. */
  mayLeave(now: number, roundTrip: RoundTrip): boolean {
    const rate = this.#rate(roundTrip)
    const burst = Math.max(INITIAL_DATAGRAMS * this.#datagram, rate * CATCH_UP)
    this.#budget = Math.min(burst, this.#budgetTime < 0 ? burst : this.#budget + (now - this.#budgetTime) * rate)
    this.#budgetTime = now
    return this.#budget > 0
  }

  left(bytes: number): void {
    this.#budget -= bytes
  }

  /** When `mayLeave` will say yes again with a quantum's worth in hand. */
  nextDeparture(now: number, roundTrip: RoundTrip): number {
    return now + Math.max(QUANTUM / 2, -this.#budget / this.#rate(roundTrip))
  }

  #rate(roundTrip: RoundTrip): number {
    return ((this.window < this.#threshold ? 2 : 1.25) * this.window) / Math.max(roundTrip.smoothed, 0.05)
  }

  #grow(bytes: number, now: number, roundTrip: RoundTrip): void {
    if (this.#epochStart < 0) {
      this.#epochStart = now
      this.#origin = Math.max(this.#peak, this.window)
      this.#k = Math.cbrt((this.#origin - this.window) / this.#datagram / C)
      this.#reno = this.window
    }
    const t = (now - this.#epochStart + roundTrip.smoothed) / 1000
    this.#reno += (((3 * (1 - BETA)) / (1 + BETA)) * bytes * this.#datagram) / this.window
    const cubic = this.#origin + C * (t - this.#k) ** 3 * this.#datagram
    const target = Math.min(Math.max(cubic, this.#reno), 1.5 * this.window)
    if (target > this.window) this.window += ((target - this.window) * bytes) / this.window
  }
}
