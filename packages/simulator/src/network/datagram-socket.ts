import type { Incarnation } from '../world/host.js'
import { ReceiveBuffer } from './receive-buffer.js'

/** A place on the network: an address, never a name. */
export interface Place {
  readonly address: string
  readonly port: number
}

/** What a socket tells its owner: one at a time, never from inside `send`, and late while the process is paused. */
export interface SocketEvents {
  /** The bytes belong to the handler from then on. */
  onDatagram(bytes: Uint8Array, from: Place): void
  /** Nobody listens at the other end (connected sockets only). */
  onRefused(): void
  onError(error: Error): void
}

/** What sockets ask of the network that they are on. */
export interface Wire {
  transmit(bytes: Uint8Array, from: OpenSocket, to: Place): void
  /** ms until a process that something has arrived for reads it; 0 for at once. */
  readingDelay(): number
  release(socket: OpenSocket): void
  count(what: string): void
}

export interface SocketLimits {
  readonly receiveBufferBytes: number
  readonly maxDatagramBytes: number | null
}

/** The most that UDP over IPv4 can carry. */
const LARGEST = 65_507

/** A socket of one life of a process: with that it is gone, and the system drops what comes for it. */
export class OpenSocket {
  readonly local: Place
  /** The only one it hears and sends to; null when it is not connected. */
  readonly remote: Place | null
  readonly receiveBufferBytes: number
  readonly maxDatagramBytes: number | null
  readonly incarnation: Incarnation
  readonly #wire: Wire
  readonly #events: SocketEvents
  readonly #buffer: ReceiveBuffer
  #isClosed = false

  constructor(wire: Wire, incarnation: Incarnation, local: Place, remote: Place | null, limits: SocketLimits, events: SocketEvents) {
    this.#wire = wire
    this.incarnation = incarnation
    this.local = local
    this.remote = remote
    this.receiveBufferBytes = limits.receiveBufferBytes
    this.maxDatagramBytes = limits.maxDatagramBytes
    this.#events = events
    this.#buffer = new ReceiveBuffer(limits.receiveBufferBytes)
  }

  get isOpen(): boolean {
    return !this.#isClosed && this.incarnation.isAlive
  }

  /** The parts joined leave as one datagram, of bytes as they are now. `to` is null on a connected socket. Never throws. */
  send(parts: readonly Uint8Array[], to: Place | null): void {
    if (!this.isOpen) return
    const target = this.remote ?? to
    const bytes = joined(parts)
    if (bytes.length > LARGEST) this.#fail('EMSGSIZE')
    else if (target === null) this.#fail('EDESTADDRREQ')
    else this.#wire.transmit(bytes, this, target)
  }

  close(): void {
    this.#isClosed = true
    this.#wire.release(this)
  }

  /** The system has a datagram for this socket, of bytes that nobody else has. */
  arrive(bytes: Uint8Array, from: Place): void {
    const { remote } = this
    if (remote !== null && (remote.port !== from.port || remote.address !== from.address)) return
    const wasEmpty = this.#buffer.isEmpty
    if (!this.#buffer.add({ bytes, from })) {
      this.#wire.count('overrun')
      return
    }
    // Who finds something in the buffer has been called already.
    if (!wasEmpty) return
    const read = this.incarnation.bind(() => this.#read())
    const delay = this.#wire.readingDelay()
    if (delay > 0) this.incarnation.host.world.after(delay, read)
    else read()
  }

  refuse(): void {
    this.incarnation.bind(() => {
      if (this.isOpen) this.#events.onRefused()
    })()
  }

  #read(): void {
    for (const { bytes, from } of this.#buffer.take()) if (this.isOpen) this.#events.onDatagram(bytes, from)
  }

  #fail(code: string): void {
    const fail = () => {
      if (this.isOpen) this.#events.onError(new Error(`send ${code}`))
    }
    this.incarnation.host.world.after(0, this.incarnation.bind(fail))
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const bytes = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
