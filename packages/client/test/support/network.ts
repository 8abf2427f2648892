import type { Clock, Connection, ConnectionEvents, Connector } from '../../src/ports.js'
import { type Request, ServerEndpoint } from '../../src/protocol/index.js'

const LATENCY = 1

/** One end of the member's side of a connection. */
export interface Session {
  readonly endpoint: ServerEndpoint
  /** The connection breaks, as when the process dies. */
  cut(): void
}

export interface Listener {
  readonly memberId: string
  /** Default: test. */
  readonly clusterId?: string
  onRequest(request: Request, session: Session): void
}

/** Connections through a virtual clock: each chunk takes one millisecond. */
export class Network implements Connector {
  /** Chunks that clients wrote, by address, without the preamble's. */
  readonly writes = new Map<string, number>()
  readonly listeners = new Map<string, Listener>()
  /** Accepts connections and never answers, as a stopped process does. */
  readonly frozen = new Set<string>()
  /** Accepts connections and takes what is sent, and does nothing with it until `wake`, as a process that hangs. */
  readonly hung = new Set<string>()
  /** Addresses whose connections take nothing more after each write, until `drain`. */
  readonly congested = new Set<string>()
  /** What members send comes in two pieces. */
  isCutting = false
  /** The largest request that a member takes, where it differs. */
  readonly limits = new Map<string, { readonly maxRequestBytes: number }>()
  readonly attempts: string[] = []
  readonly #clock: Clock
  readonly #open = new Map<string, Set<SimulatedConnection>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  connect(address: string, events: ConnectionEvents): Connection {
    this.attempts.push(address)
    const connection = new SimulatedConnection(this, this.#clock, address, events)
    const all = this.#open.get(address) ?? new Set()
    this.#open.set(address, all.add(connection))
    return connection
  }

  /** Breaks all connections to the address. */
  cut(address: string): void {
    for (const connection of this.#open.get(address) ?? []) connection.cut()
    this.#open.delete(address)
  }

  wake(address: string): void {
    this.hung.delete(address)
    for (const connection of this.#open.get(address) ?? []) connection.wake()
  }

  drain(address: string): void {
    this.congested.delete(address)
    for (const connection of this.#open.get(address) ?? []) connection.drain()
  }
}

class SimulatedConnection implements Connection, Session {
  readonly endpoint: ServerEndpoint
  #closed = false
  #wrote = false
  /** What has come while the member hung. */
  readonly #unread: Uint8Array[] = []
  readonly #network: Network
  readonly #clock: Clock
  readonly #address: string
  readonly #events: ConnectionEvents

  constructor(network: Network, clock: Clock, address: string, events: ConnectionEvents) {
    this.#network = network
    this.#clock = clock
    this.#address = address
    this.#events = events
    const listener = network.listeners.get(address)
    this.endpoint = new ServerEndpoint({
      identity: { memberId: listener?.memberId ?? '', clusterId: listener?.clusterId ?? 'test' },
      ...network.limits.get(address),
      onRequest: (request) => listener?.onRequest(request, this),
      onPending: () => clock.defer(() => this.#answer()),
    })
    this.#later(() => {
      if (listener === undefined) this.cut(new Error('connect ECONNREFUSED'))
      else events.onOpen()
    })
  }

  write(bytes: Uint8Array): boolean {
    if (this.#closed) throw new Error('written after close')
    if (this.#wrote) this.#network.writes.set(this.#address, (this.#network.writes.get(this.#address) ?? 0) + 1)
    this.#wrote = true
    this.#later(() => {
      if (this.#network.hung.has(this.#address)) this.#unread.push(bytes)
      else if (!this.#network.frozen.has(this.#address)) this.endpoint.receive(bytes)
    })
    return !this.#network.congested.has(this.#address)
  }

  close(): void {
    this.#closed = true
  }

  cut(error: Error | null = null): void {
    this.#later(() => {
      this.#closed = true
      this.#events.onClose(error)
    })
  }

  wake(): void {
    for (const bytes of this.#unread.splice(0)) if (!this.#closed) this.endpoint.receive(bytes)
  }

  drain(): void {
    this.#later(() => this.#events.onDrain())
  }

  #answer(): void {
    const bytes = this.endpoint.take()
    if (bytes === null || this.#network.frozen.has(this.#address)) return
    // Behind the length of the frame and into its body.
    const half = this.#network.isCutting ? bytes.length >> 1 : bytes.length
    this.#later(() => this.#events.onData(bytes.subarray(0, half)))
    if (half < bytes.length) this.#later(() => this.#events.onData(bytes.subarray(half)))
  }

  #later(callback: () => void): void {
    this.#clock.schedule(this.#clock.now() + LATENCY, () => {
      if (!this.#closed) callback()
    })
  }
}
