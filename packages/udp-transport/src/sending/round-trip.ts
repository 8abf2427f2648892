/** The estimate of the round trip, in milliseconds (RFC 9002 §5). */
export class RoundTrip {
  smoothed = INITIAL
  variation = INITIAL / 2
  latest = INITIAL
  minimum = Number.POSITIVE_INFINITY
  #measured = false

  /** `delay` is how long the other side says that it waited before it acknowledged. */
  sample(elapsed: number, delay: number): void {
    const raw = Math.max(elapsed, 0.01)
    this.minimum = Math.min(this.minimum, raw)
    const sample = raw - delay >= this.minimum ? raw - delay : raw
    this.latest = sample
    if (!this.#measured) {
      this.#measured = true
      this.smoothed = sample
      this.variation = sample / 2
      return
    }
    this.variation += (Math.abs(this.smoothed - sample) - this.variation) / 4
    this.smoothed += (sample - this.smoothed) / 8
  }

  /** How long to wait for an acknowledgement before a probe is sent, in ms. */
  probeTimeout(): number {
    return this.smoothed + Math.max(4 * this.variation, GRANULARITY) + MAX_ACK_DELAY
  }

  /** A datagram counts as lost when it was sent this long ago, in ms, and one that was sent after it is acknowledged. */
  lossDelay(): number {
    return Math.max((9 / 8) * Math.max(this.smoothed, this.latest), GRANULARITY)
  }
}

const INITIAL = 25
const GRANULARITY = 2
/** How long a lone datagram may stay unacknowledged, in the hope of an answer to ride on. */
export const MAX_ACK_DELAY = 5
