import { type AppendEntries, encodedMessageLength, encodeMessageInto, FormatError, type Message, Reader, Writer } from '@raft/core'
import { Acknowledger } from './acknowledger.js'
import { BulkReceiver } from './bulk-receiver.js'
import { BulkSender, type Fragment } from './bulk-sender.js'
import type { UdpCounters } from './counters.js'
import { SEALED_HEADER_BYTES } from './datagram.js'
import { everyFragment, FRAGMENT_HEADER, Frame, MESSAGE_HEADER, readAcknowledgement, readLength } from './frames.js'
import { Recovery } from './recovery.js'
import { ReplayWindow } from './replay-window.js'
import { EPOCH_DATAGRAMS, type Seal } from './sealing.js'

/** What a session needs from its surroundings. */
export interface SessionHost {
  readonly counters: UdpCounters
  /** For the text of a datagram in the making; shared by all sessions, as none keeps it. */
  readonly scratch: Uint8Array
  readonly maxMessageBytes: number
  readonly maxQueuedBytes: number
  readonly maxDatagramsPerTurn: number
  /** No session seals more than twice as many. */
  readonly maxSessionDatagrams: number
  /** The encoded message is the receiver's to keep. */
  deliver(message: Uint8Array): void
  transmit(parts: readonly Uint8Array[]): void
  /** How much of the receive buffer is this peer's, who is sending. */
  receiveWindow(now: number): number
}

export interface SessionParameters {
  readonly localId: number
  readonly remoteId: number
  readonly sending: Seal
  readonly receiving: Seal
  /** Of the sealed datagram. */
  readonly datagramBytes: number
  readonly peerWindow: number
  readonly sealedKind: number
  readonly version: number
}

/** Keys, counters and the state of the streams, both ways, between this incarnation of two members. */
export class Session {
  readonly localId: number
  readonly remoteId: number
  readonly #host: SessionHost
  readonly #sending: Seal
  readonly #receiving: Seal
  readonly #datagramBytes: number
  readonly #textBytes: number
  readonly #header: Buffer
  readonly #replay = new ReplayWindow()
  readonly #acknowledger = new Acknowledger()
  readonly #bulk: BulkSender
  readonly #assembly: BulkReceiver
  readonly #recovery: Recovery
  /** Of one datagram's text after the other. */
  readonly #writer: Writer
  #control: Message[] = []
  #nextCounter = 0
  #probe = false
  #heldSince = Number.POSITIVE_INFINITY
  #departure = Number.POSITIVE_INFINITY

  constructor(host: SessionHost, parameters: SessionParameters) {
    this.#host = host
    this.localId = parameters.localId
    this.remoteId = parameters.remoteId
    this.#sending = parameters.sending
    this.#receiving = parameters.receiving
    this.#datagramBytes = parameters.datagramBytes
    this.#textBytes = parameters.datagramBytes - SEALED_HEADER_BYTES - parameters.sending.overhead
    this.#writer = new Writer(host.scratch)
    this.#header = Buffer.alloc(SEALED_HEADER_BYTES)
    const writer = new Writer(this.#header)
    writer.u8(parameters.version)
    writer.u8(parameters.sealedKind)
    writer.u64(parameters.remoteId)
    this.#bulk = new BulkSender(host.counters)
    this.#assembly = new BulkReceiver(host.counters, host.maxMessageBytes, (message) => host.deliver(message))
    this.#recovery = new Recovery(parameters.datagramBytes, parameters.peerWindow, this.#bulk, host.counters)
  }

  /** Datagrams sealed so far. */
  get sealed(): number {
    return this.#nextCounter
  }

  /** Messages that would be lost with this session. */
  get pending(): number {
    return this.#bulk.unfinished + this.#control.length
  }

  /** Messages that arrived in part or too early. */
  get held(): number {
    return this.#assembly.held
  }

  pushControl(message: Message): void {
    this.#control.push(message)
  }

  /** Returns false when too much is waiting. */
  pushBulk(message: AppendEntries): boolean {
    const waiting = this.#bulk.waitingBytes
    if (waiting > 0 && waiting + encodedMessageLength(message) > this.#host.maxQueuedBytes) return false
    this.#bulk.push(message)
    return true
  }

  /** Opens a datagram and takes in what it carries. Returns whether it was authentic. */
  receive(datagram: Uint8Array, counter: number, now: number): boolean {
    const dropped = this.#host.counters.dropped
    if (this.#replay.seen(counter)) {
      dropped.replayed += 1
      return false
    }
    const text =
      counter < this.#replay.next + EPOCH_DATAGRAMS
        ? this.#receiving.open(counter, datagram.subarray(0, SEALED_HEADER_BYTES), datagram.subarray(SEALED_HEADER_BYTES))
        : null
    if (text === null) {
      dropped.failedToOpen += 1
      return false
    }
    this.#recovery.onPeerAlive(now)
    const inOrder = counter === this.#replay.next
    try {
      this.#read(new Reader(text), counter, inOrder, now)
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      this.#replay.mark(counter)
      dropped.malformed += 1
    }
    return true
  }

  /** Sends what is due. Returns whether more could go in another turn. */
  flush(now: number): boolean {
    this.#departure = Number.POSITIVE_INFINITY
    for (let i = 0; i < this.#host.maxDatagramsPerTurn; i++) if (!this.#sendOne(now)) return false
    return true
  }

  /** Owes the peer a datagram at once, so that it sees the session open. */
  greet(): void {
    this.#probe = true
  }

  nextTimer(): number {
    return Math.min(this.#acknowledger.dueAt, this.#departure, this.#recovery.nextTimer())
  }

  onTimer(now: number): void {
    if (this.#recovery.onTimer(now)) this.#probe = true
  }

  /** For how long nothing was acknowledged, or a half received message has waited for its rest. */
  stalledFor(now: number): number {
    return this.#recovery.stalledFor(now)
  }

  heldFor(now: number): number {
    return this.#assembly.held === 0 ? 0 : now - this.#heldSince
  }

  /** Its successor should have been there long ago. */
  get #isExhausted(): boolean {
    return this.#nextCounter >= 2 * this.#host.maxSessionDatagrams
  }

  #sendOne(now: number): boolean {
    if (this.#isExhausted) return false
    const writer = this.#writer
    writer.position = 0
    const end = this.#textBytes - 1
    const rides = this.#control.length > 0 || this.#bulk.hasWork || this.#probe
    if (this.#acknowledger.write(writer, end, rides, this.#host.receiveWindow, now)) this.#host.counters.acknowledgementsSent += 1
    const controlLeft = this.#writeControl(writer, end)
    const fragments: Fragment[] = []
    const mayCarryBulk = this.#bulk.hasWork && !controlLeft && (this.#probe || this.#maySendBulk(now))
    if (mayCarryBulk) this.#bulk.write(writer, end, this.#textBytes - FRAGMENT_HEADER, fragments)
    const wantsAck = fragments.length > 0 || this.#probe
    if (writer.position === 0 && !this.#probe) return false
    const counter = this.#nextCounter
    const bytes = writer.position + SEALED_HEADER_BYTES + this.#sending.overhead
    if (wantsAck) this.#recovery.onSent(counter, bytes, fragments, now)
    if (this.#probe || (fragments.length > 0 && this.#bulk.hasWork && !this.#recovery.hasRoom(this.#datagramBytes))) writer.u8(Frame.Ping)
    this.#probe = false
    this.#seal(writer.bytes.subarray(0, writer.position))
    return controlLeft || this.#bulk.hasWork
  }

  #maySendBulk(now: number): boolean {
    const { congestion, roundTrip } = this.#recovery
    if (!this.#recovery.hasRoom(this.#datagramBytes)) return false
    if (congestion.mayLeave(now, roundTrip)) return true
    this.#departure = congestion.nextDeparture(now, roundTrip)
    return false
  }

  #writeControl(writer: Writer, end: number): boolean {
    const control = this.#control
    let taken = 0
    while (taken < control.length) {
      const message = control[taken] as Message
      const length = encodedMessageLength(message)
      if (writer.position + MESSAGE_HEADER + length > end) break
      writer.u8(Frame.Message)
      writer.u8(length & 0xff)
      writer.u8(length >>> 8)
      writer.position = encodeMessageInto(message, writer.bytes, writer.position)
      taken += 1
    }
    if (taken === 0) return control.length > 0
    this.#control = taken === control.length ? [] : control.slice(taken)
    return this.#control.length > 0
  }

  #seal(text: Uint8Array): void {
    const header = Buffer.allocUnsafe(SEALED_HEADER_BYTES)
    this.#header.copy(header)
    // Used up first: whatever goes wrong from here on, no counter seals twice.
    const counter = this.#nextCounter++
    header.writeUIntLE(counter, SEALED_HEADER_BYTES - 8, 6)
    header.writeUInt16LE(0, SEALED_HEADER_BYTES - 2)
    this.#host.transmit(this.#sending.seal(counter, header, text))
  }

  #read(reader: Reader, counter: number, inOrder: boolean, now: number): void {
    let wantsAck = false
    let atOnce = !inOrder
    // Looked through first, as a datagram of which a part cannot be taken must come again as a whole.
    const isAcceptable = everyFragment(reader, (number, total) => this.#assembly.accepts(number, total))
    reader.position = 0
    if (!isAcceptable) {
      this.#host.counters.dropped.reassemblyFull += 1
      this.#takeAcceptable(reader)
      return
    }
    this.#replay.mark(counter)
    this.#acknowledger.onReceived(counter, now)
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
          if (!this.#recovery.onAcknowledgement(readAcknowledgement(reader), this.#nextCounter, now))
            this.#host.counters.dropped.malformed += 1
          break
        case Frame.Ping:
          wantsAck = true
          atOnce = true
          break
        default:
          this.#host.counters.dropped.malformed += 1
          reader.raw(reader.remaining)
      }
    }
    if (wantsAck) this.#acknowledger.owe(atOnce, now)
    if (this.#assembly.held === 0) this.#heldSince = Number.POSITIVE_INFINITY
    else if (wantsAck || heldBefore === 0) this.#heldSince = now
  }

  /** The rest of the message that is due, by which there will be room, may travel with what finds none. */
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
