import { parseHostPort } from './address.js'
import type { Hub } from './hub.js'
import { MIN_DATAGRAM_BYTES } from './kernel-cost.js'
import type { DatagramSocket, Endpoint } from './socket.js'

/** How often at most a member is reported as unreachable. */
const REPORT_INTERVAL = 100

/**
 * The way to a peer. A member with an address is reached there and nowhere else, by a connected socket of its own, on which
 * the system reports that nobody listens. A member that is not (yet) among the members is answered where it came from.
 */
export class Link {
  readonly #hub: Hub
  readonly #onReady: () => void
  readonly #onUnreachable: () => void
  #address: string | null = null
  #socket: DatagramSocket | null = null
  #learned: Endpoint | null = null
  #remote: Endpoint | null = null
  #failure: string | null = null
  /** Counts attempts to open, so that one that was overtaken closes what it opened. */
  #attempt = 0
  #opening = false
  #reportedAt = Number.NEGATIVE_INFINITY

  constructor(hub: Hub, onReady: () => void, onUnreachable: () => void) {
    this.#hub = hub
    this.#onReady = onReady
    this.#onUnreachable = onUnreachable
  }

  get address(): string | null {
    return this.#address
  }

  /** Why the last attempt to open has failed; null when it has not. */
  get failure(): string | null {
    return this.#failure
  }

  /** Whether datagrams from there come from the peer's address. */
  isAt({ address, port }: Endpoint): boolean {
    return this.#remote?.address === address && this.#remote.port === port
  }

  get isReady(): boolean {
    return this.#socket !== null || (this.#learned !== null && this.#address === null)
  }

  get maxDatagramBytes(): number {
    const socket = this.#socket ?? this.#hub.main
    return this.#hub.options.maxDatagramBytes ?? socket?.maxDatagramBytes ?? MIN_DATAGRAM_BYTES
  }

  setAddress(address: string | null): void {
    if (address === this.#address) return
    this.#closeSocket()
    this.#address = address
    this.open()
  }

  /** An authenticated datagram came from here. */
  learn(endpoint: Endpoint): void {
    this.#learned = endpoint
  }

  /** Resolves the address and connects, unless that has been done. A name is looked up anew each time. */
  open(): void {
    if (this.#hub.main === null || this.#address === null || this.#socket !== null || this.#opening) return
    const attempt = ++this.#attempt
    this.#opening = true
    const fail = (error: unknown): void => {
      this.#hub.counters.socketErrors += 1
      this.#failure = error instanceof Error ? error.message : 'the name has no address'
      if (attempt === this.#attempt) this.#opening = false
    }
    let target: { host: string; port: number }
    try {
      target = parseHostPort(this.#address)
    } catch (error) {
      fail(error)
      return
    }
    this.#hub.options.sockets.lookup(target.host, (error, address) => {
      if (attempt !== this.#attempt) return
      if (error !== null || address === null) {
        fail(error)
        return
      }
      this.#connect({ address, port: target.port }, attempt, fail)
    })
  }

  /** Lets go of the socket, so that the next `open` looks the name up again. */
  release(): void {
    this.#closeSocket()
  }

  /** To the peer; `source` is where to answer a hello: a peer that restarted is no longer where it was. Dropped when there is no way. */
  send(parts: readonly Uint8Array[], source: Endpoint | null = null): void {
    const { counters, main } = this.#hub
    const target = source ?? this.#learned
    if (this.#socket !== null) this.#socket.send(parts, null)
    else if (main !== null && target !== null) main.send(parts, target)
    else return
    counters.datagramsSent += 1
    for (const part of parts) counters.bytesSent += part.length
  }

  /** To where a datagram came from, whatever the peer's address: its sender may be another process than the one that is reached there. */
  sendFromMain(bytes: Uint8Array, target: Endpoint): void {
    const { counters, main } = this.#hub
    if (main === null) return
    main.send([bytes], target)
    counters.datagramsSent += 1
    counters.bytesSent += bytes.length
  }

  close(): void {
    this.#closeSocket()
    this.#address = null
    this.#learned = null
  }

  #connect(endpoint: Endpoint, attempt: number, fail: (error: unknown) => void): void {
    const handlers = {
      onDatagram: (bytes: Uint8Array, from: Endpoint) => this.#hub.onDatagram(bytes, from),
      onRefused: () => this.#refused(),
      onError: () => {
        this.#hub.counters.socketErrors += 1
      },
    }
    this.#hub.options.sockets.connect(endpoint, handlers, (error, socket) => {
      if (error !== null || socket === null) {
        fail(error)
        return
      }
      if (attempt !== this.#attempt) {
        socket.close()
        return
      }
      this.#opening = false
      this.#socket = socket
      this.#remote = endpoint
      this.#failure = null
      this.#onReady()
    })
  }

  #refused(): void {
    this.#hub.counters.refused += 1
    const now = this.#hub.options.clock.now()
    if (now - this.#reportedAt < REPORT_INTERVAL) return
    this.#reportedAt = now
    this.#onUnreachable()
  }

  #closeSocket(): void {
    this.#attempt += 1
    this.#opening = false
    this.#socket?.close()
    this.#socket = null
    this.#remote = null
  }
}
