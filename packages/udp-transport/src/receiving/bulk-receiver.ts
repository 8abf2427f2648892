import type { UdpCounters } from '../counters.js'
import type { HeldSum } from '../held-sum.js'
import { SortedList } from '../sorted-list.js'
import { ByteRanges } from './byte-ranges.js'

/** A message that is not complete, or not yet due. */
interface Partial {
  readonly bytes: Uint8Array
  readonly ranges: ByteRanges
  received: number
}

/** Upper bound on how many messages ahead of the one that is due a fragment may be; far more than a window of datagrams can hold. */
const MAX_AHEAD = 65_536

const NOTHING = new Uint8Array(0)

/** The receiving half of the ordered stream: joins fragments, and delivers messages in the order of their sending, once. */
export class BulkReceiver {
  readonly #counters: UdpCounters
  readonly #deliver: (message: Uint8Array) => void
  readonly #maxMessageBytes: number
  readonly #maxBytes: number
  readonly #partials = new SortedList<Partial>()
  #due = 0
  #bytes = 0

  constructor(counters: UdpCounters, maxMessageBytes: number, deliver: (message: Uint8Array) => void) {
    this.#counters = counters
    this.#maxMessageBytes = maxMessageBytes
    this.#maxBytes = 2 * maxMessageBytes
    this.#deliver = deliver
  }

  /** Number of messages that are held because something is missing. */
  get held(): number {
    return this.#partials.size
  }

  /** Whether the fragment can be taken now; when not, its datagram must not be acknowledged. */
  accepts(number: number, total: number): boolean {
    if (number <= this.#due || this.#partials.has(number)) return true
    return number - this.#due < MAX_AHEAD && (total > this.#maxMessageBytes || this.#bytes + total <= this.#maxBytes)
  }

  /** `bytes` may be kept. Returns false for a fragment that contradicts what is known. */
  receive(number: number, total: number, offset: number, bytes: Uint8Array): boolean {
    if (bytes.length === 0 || offset + bytes.length > total) return false
    if (total > this.#maxMessageBytes) {
      this.#skip(number)
      return true
    }
    const known = this.#partials.get(number)
    if (known !== undefined && known.bytes.length !== total) return false
    if (number < this.#due) this.#counters.duplicateFragments += 1
    else if (bytes.length === total && known === undefined) this.#complete(number, bytes)
    else this.#join(number, total, offset, bytes)
    return true
  }

  /** @internal */
  heldSums(): HeldSum[] {
    let [bytes, overdue] = [0, 0]
    this.#partials.walk((number, partial) => {
      bytes += partial.bytes.length
      if (number < this.#due || (number === this.#due && partial.received >= partial.bytes.length)) overdue += 1
      return true
    })
    return [
      { name: 'bytes of messages that are not delivered', kept: this.#bytes, there: bytes, isZeroAtRest: true },
      { name: 'messages that should have been delivered', kept: 0, there: overdue, isZeroAtRest: true },
    ]
  }

  /** A member that takes larger messages has sent one: it is passed over, so that those behind it do not wait for it. */
  #skip(number: number): void {
    if (number < this.#due || this.#partials.has(number)) return
    this.#counters.dropped.messageTooLarge += 1
    this.#partials.add(number, { bytes: NOTHING, ranges: new ByteRanges(), received: 0 })
    this.#deliverDue()
  }

  #join(number: number, total: number, offset: number, bytes: Uint8Array): void {
    let partial = this.#partials.get(number)
    if (partial === undefined) {
      partial = { bytes: Buffer.allocUnsafeSlow(total), ranges: new ByteRanges(), received: 0 }
      this.#partials.add(number, partial)
      this.#bytes += total
    }
    const added = partial.ranges.add(offset, offset + bytes.length)
    if (added === 0) {
      this.#counters.duplicateFragments += 1
      return
    }
    partial.bytes.set(bytes, offset)
    partial.received += added
    if (number === this.#due && partial.received === total) this.#deliverDue()
  }

  #complete(number: number, bytes: Uint8Array): void {
    if (number === this.#due) {
      this.#due += 1
      this.#deliver(bytes)
    } else {
      const ranges = new ByteRanges()
      ranges.add(0, bytes.length)
      this.#partials.add(number, { bytes, ranges, received: bytes.length })
      this.#bytes += bytes.length
    }
    this.#deliverDue()
  }

  #deliverDue(): void {
    for (;;) {
      const partial = this.#partials.get(this.#due)
      if (partial === undefined || partial.received < partial.bytes.length) return
      this.#partials.delete(this.#due)
      this.#bytes -= partial.bytes.length
      this.#due += 1
      if (partial.bytes !== NOTHING) this.#deliver(partial.bytes)
    }
  }
}
