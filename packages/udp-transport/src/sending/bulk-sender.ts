import { encodedMessageLength, encodeMessageInto, type Message, type Writer } from '@raft/core'
import type { UdpCounters } from '../counters.js'
import { FRAGMENT_HEADER, Frame } from '../frames.js'
import type { HeldSum } from '../held-sum.js'

/** A message of the ordered stream, until all of it is acknowledged. */
interface Item {
  readonly number: number
  readonly message: Message
  readonly total: number
  /** The encoded message, once it had to be cut; a message that fits is encoded into its datagram each time. */
  bytes: Uint8Array | null
  /** Bytes that were sent at least once. */
  cut: number
  /** Bytes that are acknowledged. */
  acknowledged: number
}

/** What one datagram carried of a message, and what is sent again if that is lost: as it is, or cut where it has become too large. */
export interface Fragment {
  readonly item: Item
  readonly offset: number
  readonly length: number
  done: boolean
}

/** The sending half of the ordered stream: cuts messages into fragments, and sends again those that were lost. */
export class BulkSender {
  readonly #counters: UdpCounters
  readonly #queue: Item[] = []
  /** In descending order: the first of the stream is the next to go, as the receiver waits for it and may take no other. */
  readonly #lost: Fragment[] = []
  #head = 0
  #nextNumber = 0
  #waitingBytes = 0
  #unfinished = 0

  constructor(counters: UdpCounters) {
    this.#counters = counters
  }

  /** Bytes of the messages that are not yet acknowledged as a whole. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** Number of messages that are not yet acknowledged as a whole. */
  get unfinished(): number {
    return this.#unfinished
  }

  get hasWork(): boolean {
    return this.#lost.length > 0 || this.#head < this.#queue.length
  }

  /** Whether something is to be sent again. */
  get hasLost(): boolean {
    return this.#lost.length > 0
  }

  push(message: Message): void {
    const total = encodedMessageLength(message)
    this.#queue.push({ number: this.#nextNumber++, message, total, bytes: null, cut: 0, acknowledged: 0 })
    this.#waitingBytes += total
    this.#unfinished += 1
  }

  /**
   * Writes fragments into what is left up to `end`, and adds them to `sent`.
   * @param capacity bytes of the largest fragment that an empty datagram holds
   */
  write(writer: Writer, end: number, capacity: number, sent: Fragment[]): void {
    if (!this.#writeLost(writer, end, capacity, sent)) return
    while (this.#head < this.#queue.length) {
      const item = this.#queue[this.#head] as Item
      const room = end - writer.position - FRAGMENT_HEADER
      const rest = item.total - item.cut
      if (room < 1 || (rest > room && room < capacity / 2)) return
      const length = Math.min(rest, room)
      const fragment: Fragment = { item, offset: item.cut, length, done: false }
      this.#put(writer, fragment)
      sent.push(fragment)
      this.#counters.fragmentsSent += 1
      item.cut += length
      if (item.cut === item.total) this.#advance()
    }
  }

  /** Returns whether all of them found room. */
  #writeLost(writer: Writer, end: number, capacity: number, sent: Fragment[]): boolean {
    for (let fragment = this.#lost.at(-1); fragment !== undefined; fragment = this.#lost.at(-1)) {
      const room = end - writer.position - FRAGMENT_HEADER
      const fits = fragment.done || fragment.length <= room
      if (!fits && (fragment.length <= capacity || room < capacity / 2)) return false
      this.#lost.pop()
      if (fragment.done) continue
      const piece = fits ? fragment : this.#cut(fragment, room)
      this.#put(writer, piece)
      this.#counters.fragmentsRetransmitted += 1
      sent.push(piece)
    }
    return true
  }

  /** The first bytes of a fragment that is larger than any datagram may be now. The rest is among the lost. */
  #cut({ item, offset, length }: Fragment, first: number): Fragment {
    this.#lost.push({ item, offset: offset + first, length: length - first, done: false })
    return { item, offset, length: first, done: false }
  }

  /** These fragments are to be sent again. */
  lost(fragments: readonly Fragment[]): void {
    for (const fragment of fragments) if (!fragment.done) this.#lost.splice(this.#placeOf(fragment), 0, fragment)
  }

  acknowledged(fragment: Fragment): void {
    if (fragment.done) return
    fragment.done = true
    const item = fragment.item
    item.acknowledged += fragment.length
    if (item.acknowledged < item.total) return
    item.bytes = null
    this.#waitingBytes -= item.total
    this.#unfinished -= 1
  }

  /**
   * Every byte of a message that is not acknowledged as a whole is acknowledged, in flight, lost, or was never sent.
   *
   * @param inFlight the fragments of all datagrams that are in flight
   * @internal
   */
  heldSums(inFlight: readonly Fragment[]): HeldSum[] {
    const cut = [...this.#lost, ...inFlight].filter(({ done }) => !done)
    const items = new Set([...this.#queue.slice(this.#head), ...cut.map(({ item }) => item)])
    let [total, unacknowledged, unsent] = [0, 0, 0]
    for (const item of items) {
      total += item.total
      unacknowledged += item.total - item.acknowledged
      unsent += item.total - item.cut
    }
    const there = cut.reduce((sum, { length }) => sum + length, unsent)
    return [
      { name: 'messages to be acknowledged', kept: this.#unfinished, there: items.size, isZeroAtRest: true },
      { name: 'bytes of messages to be acknowledged', kept: this.#waitingBytes, there: total, isZeroAtRest: true },
      { name: 'bytes to be acknowledged', kept: unacknowledged, there, isZeroAtRest: true },
    ]
  }

  #placeOf(fragment: Fragment): number {
    let low = 0
    let high = this.#lost.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (comesBefore(fragment, this.#lost[middle] as Fragment)) low = middle + 1
      else high = middle
    }
    return low
  }

  #put(writer: Writer, fragment: Fragment): void {
    const { item, offset, length } = fragment
    writer.u8(Frame.Fragment)
    writer.u64(item.number)
    writer.u32(item.total)
    writer.u32(offset)
    writer.u8(length & 0xff)
    writer.u8(length >>> 8)
    if (length === item.total) {
      writer.position = encodeMessageInto(item.message, writer.bytes, writer.position)
      return
    }
    if (item.bytes === null) {
      item.bytes = Buffer.allocUnsafeSlow(item.total)
      encodeMessageInto(item.message, item.bytes, 0)
    }
    writer.raw(item.bytes.subarray(offset, offset + length))
  }

  /** Forgets sent items now and then, so that taking one stays cheap. */
  #advance(): void {
    this.#head += 1
    if (this.#head < 64 && this.#head < this.#queue.length) return
    this.#queue.splice(0, this.#head)
    this.#head = 0
  }
}

function comesBefore(one: Fragment, other: Fragment): boolean {
  return one.item.number < other.item.number || (one.item === other.item && one.offset < other.offset)
}
