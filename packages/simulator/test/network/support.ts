import {
  type DatagramConditions,
  DatagramNetwork,
  Host,
  type Incarnation,
  Links,
  type Place,
  type SimulatedSocket,
  World,
} from '../../src/index.js'

export interface Party {
  readonly host: Host
  readonly incarnation: Incarnation
  readonly socket: SimulatedSocket
  readonly received: { bytes: Uint8Array; from: Place; at: number }[]
  readonly refusals: number[]
  readonly errors: string[]
}

const STEADY: Partial<DatagramConditions> = { readingDelay: 0, refusals: 1 }

/** Hosts a, b and c at 10.0.0.1 to 3, and the sockets of their processes. */
export class Datagrams {
  readonly world: World
  readonly links: Links
  readonly network: DatagramNetwork
  readonly #hosts = new Map<string, Host>()

  constructor(seed: number, conditions: Partial<DatagramConditions> = {}) {
    this.world = new World(seed)
    this.links = new Links(this.world, ['a', 'b', 'c'])
    this.network = new DatagramNetwork(this.world, this.links, { ...STEADY, ...conditions })
  }

  host(id: string): Host {
    let host = this.#hosts.get(id)
    if (host === undefined) {
      host = new Host(id, this.world)
      this.#hosts.set(id, host)
    }
    return host
  }

  /** Bound to port 7000 of its host, or connected to `remote` from any. A new process runs on the host. */
  async open(id: string, remote: Place | null = null): Promise<Party> {
    const host = this.host(id)
    const incarnation = host.begin()
    const received: Party['received'] = []
    const refusals: number[] = []
    const errors: string[] = []
    const events = {
      onDatagram: (bytes: Uint8Array, from: Place) => received.push({ bytes, from, at: this.world.now }),
      onRefused: () => refusals.push(this.world.now),
      onError: (error: Error) => errors.push(error.message),
    }
    const opened = await this.#opened((done) => {
      const sockets = this.network.sockets(incarnation)
      if (remote === null) sockets.bind({ address: this.network.addressOf(id), port: 7000 }, events, done)
      else sockets.connect(remote, events, done)
    })
    return { host, incarnation, socket: opened, received, refusals, errors }
  }

  run(ms: number): Promise<void> {
    return this.world.run(this.world.now + ms)
  }

  async #opened(open: (done: (error: Error | null, socket: SimulatedSocket | null) => void) => void): Promise<SimulatedSocket> {
    let found: SimulatedSocket | null = null
    let failure: Error | null = null
    open((error, socket) => {
      found = socket
      failure = error
    })
    await this.run(1)
    if (found === null) throw failure ?? new Error('it was not opened')
    return found
  }
}

export function at(id: string, port = 7000): Place {
  return { address: `10.0.0.${id.charCodeAt(0) - 96}`, port }
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
