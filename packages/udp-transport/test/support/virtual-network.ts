import { kernelCost } from '../../src/kernel-cost.js'
import type { DatagramHandlers, DatagramSocket, DatagramSockets, Endpoint } from '../../src/socket.js'
import type { VirtualClock } from './virtual-clock.js'

export interface Conditions {
  /** Milliseconds one way. */
  delay: number
  /** Up to so much more, so that datagrams overtake one another. */
  jitter: number
  loss: number
  duplication: number
  corruption: number
  /** Larger datagrams vanish. */
  mtu: number
  /** As sockets grant it. */
  receiveBuffer: number
  /** What the sockets say about their interface. */
  interfaceMtu: number | null
}

export interface Sent {
  readonly bytes: Uint8Array
  readonly from: Endpoint
  readonly to: Endpoint
}

interface Bound {
  readonly handlers: DatagramHandlers
  readonly remote: Endpoint | null
  buffered: { bytes: Uint8Array; from: Endpoint }[]
  bufferedCost: number
  /** While paused the process reads nothing, and its buffer fills. */
  paused: boolean
  draining: boolean
}

const key = (endpoint: Endpoint) => `${endpoint.address} ${endpoint.port}`

/** Datagrams between sockets in one process, under conditions that may change at any time. */
export class VirtualNetwork implements DatagramSockets {
  readonly conditions: Conditions = {
    delay: 1,
    jitter: 0,
    loss: 0,
    duplication: 0,
    corruption: 0,
    mtu: 65_507,
    receiveBuffer: 8 * 1024 * 1024,
    interfaceMtu: 1472,
  }
  /** Everything that was sent, for those who record and replay; only while `recording`. */
  readonly recorded: Sent[] = []
  recording = false
  overruns = 0
  delivered = 0
  /** Return false to drop. */
  filter: (sent: Sent) => boolean = () => true
  readonly #clock: VirtualClock
  readonly #random: () => number
  readonly #bound = new Map<string, Bound>()
  #nextPort = 40_000

  constructor(clock: VirtualClock, random: () => number) {
    this.#clock = clock
    this.#random = random
  }

  bind(local: Endpoint, handlers: DatagramHandlers, done: (error: Error | null, socket: DatagramSocket | null) => void): void {
    if (this.#bound.has(key(local))) done(new Error('EADDRINUSE'), null)
    else done(null, this.#open(local, null, handlers))
  }

  connect(remote: Endpoint, handlers: DatagramHandlers, done: (error: Error | null, socket: DatagramSocket | null) => void): void {
    done(null, this.#open({ address: '10.0.0.100', port: this.#nextPort++ }, remote, handlers))
  }

  lookup(host: string, done: (error: Error | null, address: string | null) => void): void {
    done(null, host)
  }

  /** Puts a datagram on the network, whoever `from` may be. */
  inject(bytes: Uint8Array, from: Endpoint, to: Endpoint): void {
    this.#deliver(bytes, from, to)
  }

  /** The process behind this address reads nothing until it is resumed. */
  pause(local: Endpoint, paused: boolean): void {
    const bound = this.#bound.get(key(local))
    if (bound === undefined) return
    bound.paused = paused
    if (!paused) this.#drain(bound)
  }

  #open(local: Endpoint, remote: Endpoint | null, handlers: DatagramHandlers): DatagramSocket {
    const bound: Bound = { handlers, remote, buffered: [], bufferedCost: 0, paused: false, draining: false }
    this.#bound.set(key(local), bound)
    return {
      local,
      receiveBufferBytes: this.conditions.receiveBuffer,
      maxDatagramBytes: this.conditions.interfaceMtu,
      send: (parts, to) => this.#send(Buffer.concat(parts), local, to ?? (remote as Endpoint), bound),
      close: () => {
        if (this.#bound.get(key(local)) === bound) this.#bound.delete(key(local))
        bound.paused = true
      },
    }
  }

  #send(bytes: Buffer, from: Endpoint, to: Endpoint, sender: Bound): void {
    const sent = { bytes, from, to }
    if (this.recording) this.recorded.push(sent)
    const { delay, jitter, loss, duplication, corruption, mtu } = this.conditions
    if (bytes.length > mtu || !this.filter(sent)) return
    const copies = this.#random() < duplication ? 2 : 1
    for (let i = 0; i < copies; i++) {
      if (this.#random() < loss) continue
      let arriving: Uint8Array = bytes
      if (this.#random() < corruption) {
        arriving = Uint8Array.from(bytes)
        const at = Math.floor(this.#random() * bytes.length)
        arriving[at] = (arriving[at] as number) ^ (1 << Math.floor(this.#random() * 8))
      }
      this.#clock.schedule(this.#clock.now() + delay + this.#random() * jitter, () => {
        if (this.#bound.has(key(to))) this.#deliver(arriving, from, to)
        else if (sender.remote !== null && !sender.paused) this.#clock.defer(() => sender.handlers.onRefused())
      })
    }
  }

  #deliver(bytes: Uint8Array, from: Endpoint, to: Endpoint): void {
    const bound = this.#bound.get(key(to))
    if (bound === undefined) return
    if (bound.remote !== null && key(bound.remote) !== key(from)) return
    const cost = kernelCost(bytes.length)
    if (bound.bufferedCost + cost > this.conditions.receiveBuffer) {
      this.overruns += 1
      return
    }
    bound.buffered.push({ bytes, from })
    bound.bufferedCost += cost
    if (!bound.draining && !bound.paused) {
      bound.draining = true
      this.#clock.defer(() => this.#drain(bound))
    }
  }

  #drain(bound: Bound): void {
    bound.draining = false
    if (bound.paused) return
    const arrived = bound.buffered
    bound.buffered = []
    bound.bufferedCost = 0
    for (const { bytes, from } of arrived) {
      this.delivered += 1
      bound.handlers.onDatagram(Uint8Array.from(bytes), from)
    }
  }
}
