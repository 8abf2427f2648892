import { encodedMessageLength, encodeMessageInto, type Message, Writer } from '@raft/core'
import type { UdpCounters } from './counters.js'
import { type Acknowledgement, FRAGMENT_HEADER, Frame, MESSAGE_HEADER, VERSION_WITH_RESIZING } from './frames.js'
import type { HeldSum } from './held-sum.js'
import { Incoming } from './receiving/incoming.js'
import { Sealer } from './sealer.js'
import type { Seal } from './sealing.js'
import { BulkSender, type Fragment } from './sending/bulk-sender.js'
import { MIN_DATAGRAM_BYTES } from './sending/kernel-cost.js'
import { LossRecovery } from './sending/loss-recovery.js'
import type { PathSize } from './sending/path-size.js'
import { SizeProbe } from './sending/size-probe.js'

const PING_BYTES = 1

/** What a session needs from its surroundings. */
export interface SessionHost {
  readonly counters: UdpCounters
  /** Where the plaintext of a datagram is written. All sessions share it, as none keeps it. */
  readonly scratch: Uint8Array
  readonly maxMessageBytes: number
  readonly maxQueuedBytes: number
  readonly maxDatagramsPerTurn: number
  /** A session is replaced after this many datagrams, and seals at most twice as many. */
  readonly maxSessionDatagrams: number
  /** How large datagrams to the peer may be, in any session. */
  readonly path: PathSize
  /** The encoded message is the receiver's to keep. */
  deliver(message: Uint8Array): void
  transmit(parts: readonly Uint8Array[]): void
  /** The part of the receive buffer that the peer, which is sending, may fill, in bytes. */
  receiveWindow(now: number): number
}

export interface SessionParameters {
  readonly localId: number
  readonly remoteId: number
  readonly sending: Seal
  readonly receiving: Seal
  /** Bytes of the largest sealed datagram that both ends can take. */
  readonly datagramBytes: number
  readonly peerWindow: number
  readonly sealedKind: number
  readonly version: number
}

/** One session between two processes: its keys, its counters, and both directions of its stream. */
export class Session {
  readonly localId: number
  readonly remoteId: number
  readonly #host: SessionHost
  readonly #sealer: Sealer
  /** Bytes of the largest datagram that both ends can take. */
  readonly #limit: number
  readonly #path: PathSize
  /** Null where the peer's version puts together only fragments that are cut in the same places each time. */
  readonly #sizeProbe: SizeProbe | null
  readonly #bulk: BulkSender
  readonly #recovery: LossRecovery
  readonly #incoming: Incoming
  /** Writes the plaintext of one datagram after the other. */
  readonly #writer: Writer
  #control: Message[] = []
  /** Bytes of the largest sealed datagram to send now. */
  #datagramBytes: number
  /** Owes the peer a datagram that it acknowledges at once, whatever the windows say. */
  #probe = false
  /** Owes the peer a small datagram that asks for an acknowledgement. Its fate tells loss from a path that is too narrow. */
  #owesPing = false
  #departure = Number.POSITIVE_INFINITY

  constructor(host: SessionHost, parameters: SessionParameters) {
    this.#host = host
    this.localId = parameters.localId
    this.remoteId = parameters.remoteId
    const { sending, receiving, version, sealedKind, remoteId, datagramBytes, peerWindow } = parameters
    this.#sealer = new Sealer(sending, version, sealedKind, remoteId)
    this.#limit = datagramBytes
    this.#path = host.path
    this.#datagramBytes = host.path.sizeFor(datagramBytes)
    this.#sizeProbe = version < VERSION_WITH_RESIZING ? null : new SizeProbe(host.path, datagramBytes)
    this.#writer = new Writer(host.scratch)
    this.#bulk = new BulkSender(host.counters)
    const path = this.#sizeProbe === null ? null : host.path
    this.#recovery = new LossRecovery(this.#datagramBytes, peerWindow, this.#bulk, host.counters, path)
    this.#incoming = new Incoming(host, receiving, {
      onPeerAlive: (now) => this.#recovery.onPeerAlive(now),
      onAcknowledgement: (acknowledgement, now) => this.#onAcknowledgement(acknowledgement, now),
    })
  }

  /** Number of datagrams sealed so far. */
  get sealed(): number {
    return this.#sealer.nextCounter
  }

  /** Number of messages that would be lost with this session. */
  get pending(): number {
    return this.#bulk.unfinished + this.#control.length
  }

  /** Number of messages that arrived in part or too early. */
  get held(): number {
    return this.#incoming.held
  }

  pushControl(message: Message): void {
    this.#control.push(message)
  }

  /** Returns false when too much is waiting. */
  pushBulk(message: Message): boolean {
    const waiting = this.#bulk.waitingBytes
    if (waiting > 0 && waiting + encodedMessageLength(message) > this.#host.maxQueuedBytes) return false
    this.#bulk.push(message)
    return true
  }

  /** Opens a datagram and takes in what it carries. Returns whether it was authentic. */
  receive(datagram: Uint8Array, counter: number, now: number): boolean {
    return this.#incoming.receive(datagram, counter, now)
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
  probe(): void {
    this.#probe = true
  }

  nextTimer(): number {
    const sizeProbe = this.#sizeProbe?.dueAt ?? Number.POSITIVE_INFINITY
    return Math.min(this.#incoming.acknowledger.dueAt, this.#departure, this.#recovery.nextTimer(), sizeProbe)
  }

  onTimer(now: number): void {
    this.#sizeProbe?.onTimer(now)
    if (!this.#recovery.onTimer(now)) return
    this.#probe = true
    this.#owesPing = this.#sizeProbe !== null && this.#datagramBytes > MIN_DATAGRAM_BYTES
  }

  /** For how long no part of the stream was acknowledged, in ms. */
  stalledFor(now: number): number {
    return this.#recovery.stalledFor(now)
  }

  /** For how long a message that arrived in part has waited for its rest, in ms. */
  heldFor(now: number): number {
    return this.#incoming.heldFor(now)
  }

  /** @internal */
  heldSums(): HeldSum[] {
    return [...this.#recovery.heldSums(), ...this.#incoming.heldSums()]
  }

  /** Whether it seals no more. Its successor should have been there long ago. */
  get #isExhausted(): boolean {
    return this.sealed >= 2 * this.#host.maxSessionDatagrams
  }

  #sendOne(now: number): boolean {
    if (this.#isExhausted) return false
    const writer = this.#writer
    writer.position = 0
    const end = this.#plaintextBytes(this.#datagramBytes)
    // Control messages and acknowledgements are not sent again: they travel in no datagram that may be too large for the path.
    const safeEnd = this.#plaintextBytes(Math.min(this.#datagramBytes, this.#path.proven))
    const rides = this.#control.length > 0 || this.#bulk.hasWork || this.#probe
    if (this.#incoming.acknowledger.write(writer, safeEnd, rides, this.#host.receiveWindow, now))
      this.#host.counters.acknowledgementsSent += 1
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

  /** Sends an empty datagram of the size that is to be tried, if there is one. The acknowledgement of the ping behind it shows whether it was lost. */
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

  /** Sends what has been written as one datagram. */
  #transmit(): void {
    const { bytes, position } = this.#writer
    this.#host.transmit(this.#sealer.seal(bytes.subarray(0, position)))
  }

  /** Takes over the size that was found, in this session or the one before. */
  #resize(): void {
    const bytes = this.#sizeProbe === null ? this.#datagramBytes : this.#path.sizeFor(this.#limit)
    if (bytes === this.#datagramBytes) return
    this.#datagramBytes = bytes
    this.#recovery.resize(bytes)
  }

  /** Bytes of plaintext that a datagram of this size carries besides a ping. */
  #plaintextBytes(datagramBytes: number): number {
    return datagramBytes - this.#sealer.overhead - PING_BYTES
  }

  #onAcknowledgement(acknowledgement: Acknowledgement, now: number): boolean {
    if (!this.#recovery.onAcknowledgement(acknowledgement, this.sealed, now)) return false
    this.#sizeProbe?.onAcknowledgement(acknowledgement)
    return true
  }
}
