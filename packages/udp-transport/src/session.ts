import { type AppendEntries, encodedMessageLength, encodeMessageInto, FormatError, type Message, Reader, Writer } from '@raft/core'
import { Acknowledger } from './acknowledger.js'
import { BulkReceiver } from './bulk-receiver.js'
import { BulkSender, type Fragment } from './bulk-sender.js'
import type { UdpCounters } from './counters.js'
import { SEALED_HEADER_BYTES } from './datagram.js'
import { everyFragment, FRAGMENT_HEADER, Frame, MESSAGE_HEADER, readAcknowledgement, readLength, VERSION_WITH_RESIZING } from './frames.js'
import { MIN_DATAGRAM_BYTES } from './kernel-cost.js'
import type { PathSize } from './path-size.js'
import { Recovery } from './recovery.js'
import { ReplayWindow } from './replay-window.js'
import { Sealer } from './sealer.js'
import { EPOCH_DATAGRAMS, type Seal } from './sealing.js'
import { SizeProbe } from './size-probe.js'

const PING_BYTES = 1

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
  /** Of all sessions with the peer. */
  readonly path: PathSize
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
  /** Of the largest sealed datagram that both ends can take. */
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
  readonly #sealer: Sealer
  readonly #receiving: Seal
  /** In bytes: what both ends can take. */
  readonly #limit: number
  readonly #path: PathSize
  /** Null where the version of the peer puts together only what is cut in the same places each time. */
  readonly #sizeProbe: SizeProbe | null
  readonly #replay = new ReplayWindow()
  readonly #acknowledger = new Acknowledger()
  readonly #bulk: BulkSender
  readonly #assembly: BulkReceiver
  readonly #recovery: Recovery
  /** Of one datagram's text after the other. */
  readonly #writer: Writer
  #control: Message[] = []
  /** Of the largest sealed datagram to send now, in bytes. */
  #datagramBytes: number
  #probe = false
  /** Owes a small datagram that asks for an acknowledgement: what becomes of it tells loss from a path that is too narrow. */
  #owesPing = false
  #heldSince = Number.POSITIVE_INFINITY
  #departure = Number.POSITIVE_INFINITY

  constructor(host: SessionHost, parameters: SessionParameters) {
    this.#host = host
    this.localId = parameters.localId
    this.remoteId = parameters.remoteId
    const { sending, receiving, version, sealedKind, remoteId, datagramBytes, peerWindow } = parameters
    this.#sealer = new Sealer(sending, version, sealedKind, remoteId)
    this.#receiving = receiving
    this.#limit = datagramBytes
    this.#path = host.path
    this.#datagramBytes = host.path.sizeFor(datagramBytes)
    this.#sizeProbe = version < VERSION_WITH_RESIZING ? null : new SizeProbe(host.path, datagramBytes)
    this.#writer = new Writer(host.scratch)
    this.#bulk = new BulkSender(host.counters)
    this.#assembly = new BulkReceiver(host.counters, host.maxMessageBytes, (message) => host.deliver(message))
    const path = this.#sizeProbe === null ? null : host.path
    this.#recovery = new Recovery(this.#datagramBytes, peerWindow, this.#bulk, host.counters, path)
  }

  /** Datagrams sealed so far. */
  get sealed(): number {
    return this.#sealer.nextCounter
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
    this.#resize()
    this.#recovery.beforeSending(now)
    let more = true
    for (let i = 0; more && i < this.#host.maxDatagramsPerTurn; i++) more = this.#sendOne(now)
    this.#probeSize(now)
    this.#ping(now)
    return more
  }

  /** Owes the peer a datagram at once, so that it sees the session open. */
  greet(): void {
    this.#probe = true
  }

  nextTimer(): number {
    const sizeProbe = this.#sizeProbe?.dueAt ?? Number.POSITIVE_INFINITY
    return Math.min(this.#acknowledger.dueAt, this.#departure, this.#recovery.nextTimer(), sizeProbe)
  }

  onTimer(now: number): void {
    this.#sizeProbe?.onTimer(now)
    if (!this.#recovery.onTimer(now)) return
    this.#probe = true
    this.#owesPing = this.#sizeProbe !== null && this.#datagramBytes > MIN_DATAGRAM_BYTES
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
    return this.sealed >= 2 * this.#host.maxSessionDatagrams
  }

  #sendOne(now: number): boolean {
    if (this.#isExhausted) return false
    const writer = this.#writer
    writer.position = 0
    const end = this.#textBytes(this.#datagramBytes)
    // What is not sent again travels in no datagram of a size that may be too large for the path.
    const safeEnd = this.#textBytes(Math.min(this.#datagramBytes, this.#path.proven))
    const rides = this.#control.length > 0 || this.#bulk.hasWork || this.#probe
    if (this.#acknowledger.write(writer, safeEnd, rides, this.#host.receiveWindow, now)) this.#host.counters.acknowledgementsSent += 1
    const controlLeft = this.#writeControl(writer, safeEnd)
    const fragments: Fragment[] = []
    const mayCarryBulk = this.#bulk.hasWork && !controlLeft && (this.#probe || this.#maySendBulk(now))
    if (mayCarryBulk) this.#bulk.write(writer, writer.position === 0 ? end : safeEnd, end - FRAGMENT_HEADER, fragments)
    const wantsAck = fragments.length > 0 || this.#probe
    if (writer.position === 0 && !this.#probe) return false
    if (wantsAck) this.#recovery.onSent(this.sealed, writer.position + this.#sealer.overhead, fragments, now)
    if (this.#probe || (fragments.length > 0 && this.#bulk.hasWork && !this.#recovery.hasRoom(this.#datagramBytes))) writer.u8(Frame.Ping)
    this.#probe = false
    this.#transmit()
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

  /** A datagram of the size that is to be tried, if there is one, that carries nothing. The small one behind it shows when it is lost. */
  #probeSize(now: number): void {
    const bytes = this.#isExhausted ? null : (this.#sizeProbe?.next(now) ?? null)
    if (bytes === null) return
    const writer = this.#writer
    writer.bytes[0] = Frame.Ping
    writer.bytes[1] = Frame.Padding
    writer.position = bytes - this.#sealer.overhead
    writer.bytes.fill(0, 2, writer.position)
    this.#sizeProbe?.onSent(this.sealed, bytes, now, this.#recovery.roundTrip)
    this.#host.counters.sizeProbesSent += 1
    this.#transmit()
    this.#owesPing = true
  }

  #ping(now: number): void {
    if (!this.#owesPing || this.#isExhausted) return
    this.#owesPing = false
    const writer = this.#writer
    writer.position = 0
    writer.u8(Frame.Ping)
    this.#recovery.onSent(this.sealed, writer.position + this.#sealer.overhead, [], now)
    this.#transmit()
  }

  /** What has been written leaves as one datagram. */
  #transmit(): void {
    const { bytes, position } = this.#writer
    this.#host.transmit(this.#sealer.seal(bytes.subarray(0, position)))
  }

  /** The size may have been found to be another one, in this session or the one before. */
  #resize(): void {
    const bytes = this.#sizeProbe === null ? this.#datagramBytes : this.#path.sizeFor(this.#limit)
    if (bytes === this.#datagramBytes) return
    this.#datagramBytes = bytes
    this.#recovery.resize(bytes)
  }

  /** How much text a datagram of so many bytes carries besides a ping. */
  #textBytes(datagramBytes: number): number {
    return datagramBytes - this.#sealer.overhead - PING_BYTES
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
          this.#readAcknowledgement(reader, now)
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
    if (wantsAck) this.#acknowledger.owe(atOnce, now)
    if (this.#assembly.held === 0) this.#heldSince = Number.POSITIVE_INFINITY
    else if (wantsAck || heldBefore === 0) this.#heldSince = now
  }

  #readAcknowledgement(reader: Reader, now: number): void {
    const acknowledgement = readAcknowledgement(reader)
    if (this.#recovery.onAcknowledgement(acknowledgement, this.sealed, now)) this.#sizeProbe?.onAcknowledgement(acknowledgement)
    else this.#host.counters.dropped.malformed += 1
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
