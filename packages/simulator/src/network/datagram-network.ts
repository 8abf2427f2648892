import type { Incarnation } from '../world/host.js'
import type { Prng } from '../world/prng.js'
import type { World } from '../world/world.js'
import { Addresses } from './addresses.js'
import { OpenSocket, type Place, type SocketEvents } from './datagram-socket.js'
import type { Links } from './links.js'

/** A socket as whoever opened it sees it: what `@raft/udp-transport` takes as a `DatagramSocket`. */
export type SimulatedSocket = Pick<OpenSocket, 'local' | 'receiveBufferBytes' | 'maxDatagramBytes' | 'send' | 'close'>

type Opened = (error: Error | null, socket: SimulatedSocket | null) => void

/** Where one life of a process gets its sockets: what `@raft/udp-transport` takes as its `DatagramSockets`. */
export interface SimulatedSockets {
  /** Port 0: any that is free. Address 0.0.0.0: the host's. */
  bind(local: Place, events: SocketEvents, done: Opened): void
  connect(remote: Place, events: SocketEvents, done: Opened): void
  /** Names are the ids of hosts. */
  lookup(name: string, done: (error: Error | null, addresses: readonly string[]) => void): void
}

/** What sockets are like, besides what the links do. Those that are opened later are as it says then. */
export interface DatagramConditions {
  /** As the system grants it, and as it counts. Default 4 MiB. */
  receiveBufferBytes: number
  /** What sockets say about their interface: the largest datagram that leaves in one piece; null where unknown. Default 1,472. */
  maxDatagramBytes: number | null
  /** Larger ones vanish on the way. Default 65,507. */
  largestCarried: number
  /** Mean ms until a process reads what has arrived: 0 for at once. By default each network draws its own. */
  readingDelay: number
  /** Chance that who sends to a port nobody has is told, if it is connected. By default each network draws its own. */
  refusals: number
}

/** A datagram on the network. */
export interface Datagram {
  readonly bytes: Uint8Array
  readonly from: Place
  readonly to: Place
}

const ANY = '0.0.0.0'
const FIRST_PORT = 32_768
const PORTS = 28_000

/** Datagrams, as bytes, between the processes of hosts: delayed, lost, repeated, overtaken and changed as the links have it. */
export class DatagramNetwork {
  readonly conditions: DatagramConditions
  /** Sees everything that is sent, and drops it by returning false. The bytes are not to be changed. */
  filter: ((sent: Datagram) => boolean) | null = null
  readonly #world: World
  readonly #links: Links
  readonly #random: Prng
  readonly #addresses: Addresses
  readonly #sockets = new Map<string, OpenSocket>()
  /** Bytes, by the two hosts. */
  readonly #narrow = new Map<string, number>()
  /** Addresses that nobody has, by the host whose name means them. */
  readonly #deadEnds = new Map<string, readonly string[]>()
  readonly #refusing = new Set<string>()
  #nextPort: number

  constructor(world: World, links: Links, conditions: Partial<DatagramConditions> = {}) {
    this.#world = world
    this.#links = links
    this.#random = world.random('datagrams')
    this.#addresses = new Addresses(links)
    this.#nextPort = this.#random.below(PORTS)
    this.conditions = {
      receiveBufferBytes: 4 * 1024 * 1024,
      maxDatagramBytes: 1472,
      largestCarried: 65_507,
      readingDelay: this.#random.pick([0, 0, 0, 0.2, 2]),
      refusals: this.#random.pick([0, 0.5, 1]),
      ...conditions,
    }
    links.onHint((host) => {
      for (const socket of this.#sockets.values()) {
        if (socket.isOpen && socket.remote !== null && this.#addresses.host(socket.remote.address) === host) socket.refuse()
      }
    })
  }

  /** Where the host is. @throws Error for a host that has not joined the links */
  addressOf(host: string): string {
    return this.#addresses.of(host)
  }

  /**
   * The host's name means this address as well, and first. It belongs to nobody: what is sent there vanishes, or, where it `refuses`,
   * the sender is told so.
   */
  addDeadEnd(host: string, address: string, refuses: boolean): void {
    this.#deadEnds.set(host, [...(this.#deadEnds.get(host) ?? []), address])
    if (refuses) this.#refusing.add(address)
  }

  /** From now on datagrams of more than so many bytes vanish on their way from one host to the other, whatever their interfaces say. */
  narrow(from: string, to: string, bytes: number): void {
    this.#narrow.set(`${from}>${to}`, bytes)
  }

  sockets(incarnation: Incarnation): SimulatedSockets {
    const soon = (done: () => void) => this.#world.after(this.#random.between(0, 0.1), incarnation.bind(done))
    return {
      bind: (local, events, done) => soon(() => this.#bind(incarnation, local, events, done)),
      connect: (remote, events, done) => soon(() => done(null, this.#open(incarnation, this.#freePlace(incarnation), remote, events))),
      lookup: (name, done) =>
        soon(() => {
          const address = this.#addresses.resolve(name)
          if (address === null) done(new Error(`getaddrinfo ENOTFOUND ${name}`), [])
          else done(null, [...(this.#deadEnds.get(name) ?? []), address])
        }),
    }
  }

  /** Puts a datagram in front of `to`, whoever `from` may be: for those who forge. */
  inject({ bytes, from, to }: Datagram): void {
    this.#socketAt(to)?.arrive(bytes.slice(), from)
  }

  #bind(incarnation: Incarnation, { address, port }: Place, events: SocketEvents, done: Opened): void {
    const own = this.#addresses.of(incarnation.host.id)
    const local = port === 0 ? this.#freePlace(incarnation) : { address: own, port }
    if (address !== ANY && address !== own) done(new Error(`bind EADDRNOTAVAIL ${address}:${port}`), null)
    else if (this.#socketAt(local) !== null) done(new Error(`bind EADDRINUSE ${address}:${port}`), null)
    else done(null, this.#open(incarnation, local, null, events))
  }

  #open(incarnation: Incarnation, local: Place, remote: Place | null, events: SocketEvents): SimulatedSocket {
    const { receiveBufferBytes, maxDatagramBytes } = this.conditions
    const socket = new OpenSocket(
      {
        transmit: (bytes, from, to) => this.#transmit(bytes, from, to),
        readingDelay: () => this.#readingDelay(),
        release: (closed) => this.#release(closed),
        count: (what) => this.#world.count(what),
      },
      incarnation,
      local,
      remote,
      { receiveBufferBytes, maxDatagramBytes },
      events,
    )
    this.#sockets.set(keyOf(local), socket)
    return socket
  }

  #transmit(bytes: Uint8Array, socket: OpenSocket, to: Place): void {
    const from = socket.local
    if (bytes.length > this.conditions.largestCarried) return
    if (this.filter !== null && !this.filter({ bytes, from, to })) return
    const host = this.#addresses.host(to.address)
    if (host === null) {
      this.#world.count('to a dead end')
      if (this.#refusing.has(to.address)) this.#world.after(0.1, () => this.#tell(socket))
      return
    }
    if (bytes.length > (this.#narrow.get(`${socket.incarnation.host.id}>${host}`) ?? bytes.length)) {
      this.#world.count('too large for the path')
      return
    }
    let isTaken = false
    for (const delay of this.#links.fate(socket.incarnation.host.id, host)) {
      let arriving = this.#links.carry(bytes)
      // Whoever receives it may write to it, and so may whoever looked at it on the way.
      if (arriving === bytes && (isTaken || this.filter !== null)) arriving = bytes.slice()
      else if (arriving === bytes) isTaken = true
      this.#world.after(delay, () => this.#arrive(arriving, socket, host, to))
    }
  }

  #arrive(bytes: Uint8Array, sender: OpenSocket, host: string, to: Place): void {
    const target = this.#socketAt(to)
    if (target !== null) target.arrive(bytes, sender.local)
    else if (sender.remote !== null && this.#random.chance(this.conditions.refusals)) this.#refuse(sender, host)
  }

  /** The other host's system says so, if that gets through. */
  #refuse(sender: OpenSocket, host: string): void {
    const [delay] = this.#links.fate(host, sender.incarnation.host.id)
    if (delay === undefined) return
    this.#world.after(delay, () => this.#tell(sender))
  }

  #tell(sender: OpenSocket): void {
    if (!sender.isOpen || sender.remote === null) return
    this.#world.count('refused')
    sender.refuse()
  }

  #readingDelay(): number {
    const { readingDelay } = this.conditions
    return readingDelay === 0 || this.#links.conditions.isSteady === true ? 0 : this.#random.exponential(readingDelay)
  }

  #freePlace(incarnation: Incarnation): Place {
    const address = this.#addresses.of(incarnation.host.id)
    for (;;) {
      const place = { address, port: FIRST_PORT + (this.#nextPort++ % PORTS) }
      if (this.#socketAt(place) === null) return place
    }
  }

  #socketAt(place: Place): OpenSocket | null {
    const socket = this.#sockets.get(keyOf(place))
    if (socket === undefined) return null
    if (socket.isOpen) return socket
    this.#sockets.delete(keyOf(place))
    return null
  }

  #release(socket: OpenSocket): void {
    const key = keyOf(socket.local)
    if (this.#sockets.get(key) === socket) this.#sockets.delete(key)
  }
}

function keyOf({ address, port }: Place): string {
  return `${address}:${port}`
}
