import type { TransportContext } from '../context.js'
import type { DatagramSocket, Endpoint } from '../socket.js'

export interface WayEvents {
  readonly onDatagram: (bytes: Uint8Array, from: Endpoint) => void
  /** The system says that nobody listens there. */
  readonly onRefused: (way: Way) => void
  /** No socket can be connected to it, or the system does not send to it. */
  readonly onFailed: (way: Way, reason: string) => void
}

/** One address of a peer, and the socket that is connected to it while it is in use or tried. */
export class Way {
  readonly endpoint: Endpoint
  /** The address has refused, or could not be sent to, since the name was last looked up. */
  hasFailed = false
  readonly #context: TransportContext
  readonly #events: WayEvents
  #socket: DatagramSocket | null = null
  /** Counts attempts to open, so that one that was overtaken closes what it opened. */
  #attempt = 0
  #isOpening = false

  constructor(context: TransportContext, endpoint: Endpoint, events: WayEvents) {
    this.#context = context
    this.endpoint = endpoint
    this.#events = events
  }

  get address(): string {
    return this.endpoint.address
  }

  get isOpen(): boolean {
    return this.#socket !== null
  }

  get maxDatagramBytes(): number | null {
    return this.#socket?.maxDatagramBytes ?? null
  }

  /** @param then called when there is a socket, unless it is there or on its way already, and never from inside */
  open(then: () => void): void {
    if (this.#socket !== null || this.#isOpening) return
    const attempt = ++this.#attempt
    this.#isOpening = true
    const handlers = {
      onDatagram: this.#events.onDatagram,
      onRefused: () => this.#events.onRefused(this),
      onError: (error: Error) => this.#fail(error.message),
    }
    this.#context.options.sockets.connect(this.endpoint, handlers, (error, socket) => {
      if (attempt !== this.#attempt) {
        socket?.close()
        return
      }
      this.#isOpening = false
      if (error !== null || socket === null) {
        this.#fail(error?.message ?? 'there is no socket')
        return
      }
      this.#socket = socket
      then()
    })
  }

  /** Returns whether there is a socket to send by. */
  send(parts: readonly Uint8Array[]): boolean {
    this.#socket?.send(parts, null)
    return this.#socket !== null
  }

  close(): void {
    this.#attempt += 1
    this.#isOpening = false
    this.#socket?.close()
    this.#socket = null
  }

  #fail(reason: string): void {
    this.#context.counters.socketErrors += 1
    this.#events.onFailed(this, reason)
  }
}
