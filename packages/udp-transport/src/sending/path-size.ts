import type { UdpCounters } from '../counters.js'
import { MIN_DATAGRAM_BYTES } from './kernel-cost.js'

/**
 * Sizes that are tried one after the other, in bytes: what tunnels and Ethernet carry, and then what larger interfaces do. The
 * last is the one that the interfaces of both ends carry.
 */
const STEPS = [MIN_DATAGRAM_BYTES, 1372, 1452, 1472, 4000, 8952, 16_000, 32_000] as const
/** How often large datagrams are lost, with none arriving between, until they are taken for too large. */
const LOSSES = 3
/** How often a size is tried before it is taken for too large. */
const TRIES = 5
/** After this many ms a size that was too large is tried again (RFC 8899 §5.1.1). */
const RAISE_INTERVAL = 600_000

/** Large datagrams are being lost. */
interface Suspicion {
  /** Bytes of the smallest that was lost. */
  smallest: number
  losses: number
  /** What was sent before counts with the last loss. */
  since: number
}

/**
 * How large a datagram may be on the way to one peer. The size of the interfaces is believed until datagrams above 1,200 bytes
 * are lost again and again while smaller ones arrive. From there larger ones are tried, by datagrams that carry nothing else
 * (RFC 8899, without the reports of routers, which may be filtered).
 */
export class PathSize {
  readonly #counters: UdpCounters
  readonly #onNarrow: (carried: number, lost: number) => void
  #size = Number.POSITIVE_INFINITY
  #proven = MIN_DATAGRAM_BYTES
  #suspicion: Suspicion | null = null
  #tries = 0
  #nextTryAt = 0
  #isTold = false

  /** @param onNarrow called when it is certain that the path carries datagrams of one size, in bytes, and not those of another */
  constructor(counters: UdpCounters, onNarrow: (carried: number, lost: number) => void) {
    this.#counters = counters
    this.#onNarrow = onNarrow
  }

  /** Bytes of the largest datagram that is known to arrive, at least 1,200. What is not sent again should travel in no larger one. */
  get proven(): number {
    return this.#proven
  }

  /** Bytes of the largest datagram to send, where the interfaces carry `limit`. */
  sizeFor(limit: number): number {
    return Math.min(limit, this.#size)
  }

  /** A datagram was acknowledged. */
  arrived(bytes: number): void {
    this.#proven = Math.max(this.#proven, bytes)
    if (this.#suspicion !== null && bytes >= this.#suspicion.smallest) this.#suspicion = null
  }

  /** A datagram was lost, and one that was sent after it has arrived. */
  lost(bytes: number, sentAt: number, now: number): void {
    if (bytes <= MIN_DATAGRAM_BYTES) return
    this.#proven = MIN_DATAGRAM_BYTES
    this.#suspicion ??= { smallest: bytes, losses: 0, since: Number.NEGATIVE_INFINITY }
    const suspicion = this.#suspicion
    suspicion.smallest = Math.min(suspicion.smallest, bytes)
    if (sentAt < suspicion.since) return
    suspicion.since = now
    suspicion.losses += 1
    if (suspicion.losses >= LOSSES) this.#fallBack(now)
  }

  /** The size to try now, in bytes; null when there is none, as the path carries `limit` or has shown lately that it does not. */
  sizeToTry(limit: number, now: number): number | null {
    if (this.#size >= limit || now < this.#nextTryAt) return null
    return Math.min(limit, STEPS.find((step) => step > this.#size) ?? limit)
  }

  tryArrived(bytes: number): void {
    this.#tries = 0
    this.#size = Math.max(this.#size, bytes)
    this.#proven = Math.max(this.#proven, bytes)
  }

  /** A datagram that tried this size was lost, and a small one that was sent after it has arrived. */
  tryLost(bytes: number, now: number): void {
    this.#counters.sizeProbesLost += 1
    this.#tries += 1
    if (this.#tries < TRIES) return
    this.#tries = 0
    this.#nextTryAt = now + RAISE_INTERVAL
    if (this.#isTold) return
    this.#isTold = true
    this.#onNarrow(this.#size, bytes)
  }

  #fallBack(now: number): void {
    this.#counters.datagramSizeReductions += 1
    this.#size = MIN_DATAGRAM_BYTES
    this.#suspicion = null
    this.#tries = 0
    this.#nextTryAt = now
    this.#isTold = false
  }
}
