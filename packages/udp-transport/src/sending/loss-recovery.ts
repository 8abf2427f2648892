import type { UdpCounters } from '../counters.js'
import type { Acknowledgement } from '../frames.js'
import type { HeldSum } from '../held-sum.js'
import { SortedList } from '../sorted-list.js'
import type { BulkSender, Fragment } from './bulk-sender.js'
import { Congestion } from './congestion.js'
import { kernelCost } from './kernel-cost.js'
import type { PathSize } from './path-size.js'
import { RoundTrip } from './round-trip.js'

/** A datagram that wants an acknowledgement. */
interface InFlight {
  readonly sentAt: number
  readonly bytes: number
  readonly cost: number
  readonly limited: boolean
  readonly fragments: readonly Fragment[]
}

const PACKET_THRESHOLD = 3
/** Upper bound on a probe timeout, in ms, so that a member that was cut off is found soon after it is back. */
const MAX_PROBE_TIMEOUT = 1000
const PERSISTENT_PROBES = 3
/** Least time between probes that are early because the peer was heard, in ms: it may send much and hear nothing. */
const HASTE_INTERVAL = 10

/** Finds out which datagrams were lost, and how many bytes may be in flight (RFC 9002: a datagram's number is never used twice). */
export class LossRecovery {
  readonly roundTrip = new RoundTrip()
  readonly #bulk: BulkSender
  readonly #counters: UdpCounters
  /** Null where the peer's version takes no fragments that are cut anew. */
  readonly #path: PathSize | null
  /** The datagrams in flight, by their counters. */
  readonly #inFlight = new SortedList<InFlight>()
  #congestion: Congestion
  #datagramBytes: number
  #bytes = 0
  #cost = 0
  #peerWindow: number
  #largestAcknowledged = -1
  #probes = 0
  #lastSentAt = 0
  /** Since when something has been in flight, without an acknowledgement or a probe. */
  #unansweredSince = 0
  #lossTime = Number.POSITIVE_INFINITY
  #limited = false
  /** When a part of the stream was acknowledged last, or something was sent after nothing was in flight. */
  #progressAt = 0

  constructor(datagramBytes: number, peerWindow: number, bulk: BulkSender, counters: UdpCounters, path: PathSize | null) {
    this.#datagramBytes = datagramBytes
    this.#congestion = new Congestion(datagramBytes)
    this.#path = path
    this.#peerWindow = peerWindow
    this.#bulk = bulk
    this.#counters = counters
  }

  get congestion(): Congestion {
    return this.#congestion
  }

  get isIdle(): boolean {
    return this.#inFlight.size === 0
  }

  /** Whether `cost` more fits the windows; one datagram always does, so that the windows can open again. */
  hasRoom(bytes: number): boolean {
    if (this.isIdle) return true
    if (this.#bytes < this.#congestion.window) return this.#cost + kernelCost(bytes) <= this.#peerWindow
    this.#limited = true
    return false
  }

  /**
   * Sets the size of datagrams. Where that is less than before, the larger ones in flight do not arrive, and their loss says nothing
   * of congestion.
   */
  resize(datagramBytes: number): void {
    if (datagramBytes < this.#datagramBytes) {
      this.#congestion = new Congestion(datagramBytes)
      this.#probes = 0
      this.#inFlight.walk((counter, datagram) => {
        if (datagram.bytes > datagramBytes) this.#lose(counter, datagram)
        return true
      })
    } else this.#congestion.resize(datagramBytes)
    this.#datagramBytes = datagramBytes
  }

  /** To be called before anything is sent: where nothing was waiting, the time without progress begins now. */
  beforeSending(now: number): void {
    if (!this.#isWaiting) this.#progressAt = now
  }

  onSent(counter: number, bytes: number, fragments: readonly Fragment[], now: number): void {
    const cost = kernelCost(bytes)
    if (this.isIdle) this.#unansweredSince = now
    this.#inFlight.add(counter, { sentAt: now, bytes, cost, limited: this.#bytes + bytes >= this.#congestion.window / 2, fragments })
    this.#bytes += bytes
    this.#cost += cost
    this.#lastSentAt = now
    this.#congestion.left(bytes)
  }

  /** Returns false for an acknowledgement of what was never sent. */
  onAcknowledgement(ack: Acknowledgement, nextCounter: number, now: number): boolean {
    const largest = (ack.ranges[0] as { last: number }).last
    if (largest >= nextCounter) return false
    if (largest >= this.#largestAcknowledged) this.#peerWindow = ack.window
    const newest = this.#inFlight.get(largest)
    if (newest !== undefined) this.roundTrip.sample(now - newest.sentAt, ack.delay)
    this.#largestAcknowledged = Math.max(this.#largestAcknowledged, largest)
    let acknowledged = false
    let rangeIndex = ack.ranges.length - 1
    this.#inFlight.walk((counter, datagram) => {
      if (counter > largest) return false
      while (rangeIndex > 0 && counter > (ack.ranges[rangeIndex] as { last: number }).last) rangeIndex -= 1
      if (counter < (ack.ranges[rangeIndex] as { first: number }).first) return true
      this.#remove(counter, datagram)
      acknowledged = true
      this.#path?.arrived(datagram.bytes)
      for (const fragment of datagram.fragments) this.#bulk.acknowledged(fragment)
      // A ping shows that the peer is there, not that the stream moves.
      if (datagram.fragments.length > 0) this.#progressAt = now
      this.#congestion.onAcknowledged(datagram.bytes, datagram.sentAt, now, this.roundTrip, datagram.limited || this.#limited)
      return true
    })
    if (acknowledged) {
      this.#probes = 0
      this.#unansweredSince = now
      this.#limited = false
    }
    this.#detectLoss(now)
    return true
  }

  /** What arrives shows that the path may work again: probe rather than wait out a long timeout. */
  onPeerAlive(now: number): void {
    if (this.#probes > 1 && !this.isIdle && now - this.#lastSentAt >= HASTE_INTERVAL) {
      this.#probes = 1
      this.#lastSentAt = Math.min(this.#lastSentAt, now - this.#timeout())
    }
  }

  /** When `onTimer` wants to be called; infinity when nothing is in flight. */
  nextTimer(): number {
    if (this.isIdle) return Number.POSITIVE_INFINITY
    return Math.min(this.#lossTime, this.#probeAt())
  }

  /** Returns whether a probe has to go out, whatever the windows say. */
  onTimer(now: number): boolean {
    if (this.isIdle) return false
    if (now >= this.#lossTime) {
      this.#detectLoss(now)
      return false
    }
    if (now < this.#probeAt()) return false
    this.#probes += 1
    this.#lastSentAt = now
    this.#unansweredSince = now
    this.#counters.probeTimeouts += 1
    if (this.#probes === PERSISTENT_PROBES) this.#congestion.onPersistentLoss()
    // The oldest is what the receiver waits for; the newer ones are judged by the acknowledgement of this probe.
    this.#inFlight.walk((counter, datagram) => {
      this.#lose(counter, datagram)
      return false
    })
    return true
  }

  /** @internal */
  heldSums(): HeldSum[] {
    const [sent, fragments]: [InFlight[], Fragment[]] = [[], []]
    this.#inFlight.walk((_counter, datagram) => {
      sent.push(datagram)
      fragments.push(...datagram.fragments)
      return true
    })
    const bytes = sent.reduce((sum, one) => sum + one.bytes, 0)
    const cost = sent.reduce((sum, one) => sum + one.cost, 0)
    return [
      { name: 'bytes in flight', kept: this.#bytes, there: bytes, isZeroAtRest: false },
      { name: 'cost in flight', kept: this.#cost, there: cost, isZeroAtRest: false },
      ...this.#bulk.heldSums(fragments),
    ]
  }

  /** For how long no part of the stream has been acknowledged although something is in flight. */
  stalledFor(now: number): number {
    return this.#isWaiting ? now - this.#progressAt : 0
  }

  /** Whether something is to be acknowledged. Something that counts as lost is, also before it is sent again. */
  get #isWaiting(): boolean {
    return !this.isIdle || this.#probes > 0 || this.#bulk.hasLost
  }

  /**
   * A timeout after the last datagram. But a stream that sends something new again and again, and has nothing acknowledged, must not put
   * the probe off for ever: it alone tells loss from a path that is too narrow.
   */
  #probeAt(): number {
    const timeout = this.#timeout()
    return Math.min(this.#lastSentAt + timeout, this.#unansweredSince + 2 * timeout)
  }

  #timeout(): number {
    return Math.min(MAX_PROBE_TIMEOUT, this.roundTrip.probeTimeout() * 2 ** Math.min(this.#probes, 10))
  }

  #detectLoss(now: number): void {
    const delay = this.roundTrip.lossDelay()
    this.#lossTime = Number.POSITIVE_INFINITY
    this.#inFlight.walk((counter, datagram) => {
      if (counter > this.#largestAcknowledged) return false
      if (counter <= this.#largestAcknowledged - PACKET_THRESHOLD || datagram.sentAt + delay <= now) {
        this.#lose(counter, datagram)
        this.#congestion.onLost(datagram.sentAt, now)
        this.#path?.lost(datagram.bytes, datagram.sentAt, now)
      } else {
        this.#lossTime = Math.min(this.#lossTime, datagram.sentAt + delay)
      }
      return true
    })
  }

  #lose(counter: number, datagram: InFlight): void {
    this.#remove(counter, datagram)
    this.#bulk.lost(datagram.fragments)
  }

  #remove(counter: number, datagram: InFlight): void {
    this.#inFlight.delete(counter)
    this.#bytes -= datagram.bytes
    this.#cost -= datagram.cost
  }
}
