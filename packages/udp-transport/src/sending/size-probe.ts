import type { Acknowledgement } from '../frames.js'
import type { PathSize } from './path-size.js'
import type { RoundTrip } from './round-trip.js'

/** Bounds of how long the acknowledgement of a probe may be overtaken by that of what was sent after it, in ms. */
const MIN_WAIT = 100
const MAX_WAIT = 1000

interface Probe {
  readonly counter: number
  readonly bytes: number
  readonly dueAt: number
  /** A datagram that was sent later has arrived. */
  isOvertaken: boolean
}

/** One session's search for the largest datagram that the path carries: one probe at a time, whose loss says nothing of congestion. */
export class SizeProbe {
  readonly #path: PathSize
  /** Bytes of the largest datagram that both ends can take. */
  readonly #limit: number
  #probe: Probe | null = null

  constructor(path: PathSize, limit: number) {
    this.#path = path
    this.#limit = limit
  }

  /** When `onTimer` wants to be called; infinity when it is not known yet whether the probe was lost, and when there is none. */
  get dueAt(): number {
    return this.#probe?.isOvertaken ? this.#probe.dueAt : Number.POSITIVE_INFINITY
  }

  /** Bytes of the probe to send now; null when none is due. */
  next(now: number): number | null {
    return this.#probe === null ? this.#path.sizeToTry(this.#limit, now) : null
  }

  onSent(counter: number, bytes: number, now: number, roundTrip: RoundTrip): void {
    const wait = Math.min(MAX_WAIT, Math.max(MIN_WAIT, 3 * roundTrip.probeTimeout()))
    this.#probe = { counter, bytes, dueAt: now + wait, isOvertaken: false }
  }

  onAcknowledgement({ ranges }: Acknowledgement): void {
    const probe = this.#probe
    if (probe === null) return
    const { counter, bytes } = probe
    if (ranges.some(({ first, last }) => first <= counter && counter <= last)) {
      this.#probe = null
      this.#path.tryArrived(bytes)
    } else if (ranges.some(({ last }) => last > counter)) probe.isOvertaken = true
  }

  onTimer(now: number): void {
    const probe = this.#probe
    if (probe === null || !probe.isOvertaken || now < probe.dueAt) return
    this.#probe = null
    this.#path.tryLost(probe.bytes, now)
  }
}
