import { FormatError, Reader } from '@raft/core'
import type { UdpCounters } from '../counters.js'
import { SEALED_HEADER_BYTES } from '../datagram.js'
import { type Acknowledgement, everyFragment, Frame, readAcknowledgement, readLength } from '../frames.js'
import type { HeldSum } from '../held-sum.js'
import { ReplayWindow } from '../replay-window.js'
import { EPOCH_DATAGRAMS, type Seal } from '../sealing.js'
import { Acknowledger } from './acknowledger.js'
import { BulkReceiver } from './bulk-receiver.js'

interface IncomingHost {
  readonly counters: UdpCounters
  readonly maxMessageBytes: number
  /** The encoded message is the receiver's to keep. */
  deliver(message: Uint8Array): void
}

/** What the receiving half of a session tells the sending half. */
interface IncomingEvents {
  onPeerAlive(now: number): void
  /** Returns false for an acknowledgement of what was never sent. */
  onAcknowledgement(acknowledgement: Acknowledgement, now: number): boolean
}

/** The receiving half of a session: opens datagrams, reads their frames, and says what is to be acknowledged. */
export class Incoming {
  readonly acknowledger = new Acknowledger()
  readonly #host: IncomingHost
  readonly #receiving: Seal
  readonly #events: IncomingEvents
  readonly #replay = new ReplayWindow()
  readonly #assembly: BulkReceiver
  #heldSince = Number.POSITIVE_INFINITY

  constructor(host: IncomingHost, receiving: Seal, events: IncomingEvents) {
    this.#host = host
    this.#receiving = receiving
    this.#events = events
    this.#assembly = new BulkReceiver(host.counters, host.maxMessageBytes, (message) => host.deliver(message))
  }

  /** Number of messages that arrived in part or too early. */
  get held(): number {
    return this.#assembly.held
  }

  /** @internal */
  heldSums(): HeldSum[] {
    return this.#assembly.heldSums()
  }

  /** For how long a message that arrived in part has waited for its rest, in ms. */
  heldFor(now: number): number {
    return this.#assembly.held === 0 ? 0 : now - this.#heldSince
  }

  /** Opens a datagram and takes in what it carries. Returns whether it was authentic. */
  receive(datagram: Uint8Array, counter: number, now: number): boolean {
    const dropped = this.#host.counters.dropped
    if (this.#replay.seen(counter)) {
      dropped.replayed += 1
      return false
    }
    const plaintext =
      counter < this.#replay.next + EPOCH_DATAGRAMS
        ? this.#receiving.open(counter, datagram.subarray(0, SEALED_HEADER_BYTES), datagram.subarray(SEALED_HEADER_BYTES))
        : null
    if (plaintext === null) {
      dropped.failedToOpen += 1
      return false
    }
    this.#events.onPeerAlive(now)
    const inOrder = counter === this.#replay.next
    try {
      this.#read(new Reader(plaintext), counter, inOrder, now)
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      this.#replay.mark(counter)
      dropped.malformed += 1
    }
    return true
  }

  #read(reader: Reader, counter: number, inOrder: boolean, now: number): void {
    let wantsAck = false
    let atOnce = !inOrder
    // All fragments are looked at before any is taken: where one cannot be taken, the datagram is not acknowledged, and comes again.
    const isAcceptable = everyFragment(reader, (number, total) => this.#assembly.accepts(number, total))
    reader.position = 0
    if (!isAcceptable) {
      this.#host.counters.dropped.reassemblyFull += 1
      this.#takeAcceptable(reader)
      return
    }
    this.#replay.mark(counter)
    this.acknowledger.onReceived(counter, now)
    const heldBefore = this.#assembly.held
    while (reader.remaining > 0) {
      switch (reader.u8()) {
        case Frame.Message:
          this.#host.deliver(reader.raw(readLength(reader)))
          break
        case Frame.Fragment:
          wantsAck = true
          this.#readFragment(reader)
          break
        case Frame.Acknowledgement:
          if (!this.#events.onAcknowledgement(readAcknowledgement(reader), now)) this.#host.counters.dropped.malformed += 1
          break
        case Frame.Ping:
          wantsAck = true
          atOnce = true
          break
        case Frame.Padding:
          reader.raw(reader.remaining)
          break
        default:
          this.#host.counters.dropped.malformed += 1
          reader.raw(reader.remaining)
      }
    }
    if (wantsAck) this.acknowledger.owe(atOnce, now)
    if (this.#assembly.held === 0) this.#heldSince = Number.POSITIVE_INFINITY
    else if (wantsAck || heldBefore === 0) this.#heldSince = now
  }

  /** Takes the fragments that fit. They may complete the message that is due, and so free memory for the others. */
  #takeAcceptable(reader: Reader): void {
    everyFragment(reader, (number, total, offset, bytes) => {
      if (this.#assembly.accepts(number, total)) this.#assembly.receive(number, total, offset, bytes)
      return true
    })
  }

  #readFragment(reader: Reader): void {
    const number = reader.u64()
    const total = reader.u32()
    const offset = reader.u32()
    const bytes = reader.raw(readLength(reader))
    if (!this.#assembly.receive(number, total, offset, bytes)) this.#host.counters.dropped.malformed += 1
  }
}
