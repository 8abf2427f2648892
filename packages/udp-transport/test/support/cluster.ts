import { type Clock, EntryBatch, EntryKind, type Member, type MemberId, type Message } from '@raft/core'
import { type Datagram, DatagramNetwork, Host, type Incarnation, type Links, World } from '@raft/simulator'
import { type DatagramSockets, UdpTransport, type UdpTransportOptions } from '../../src/index.js'
import { SteadyLinks } from './steady-links.js'

export const KEY = new Uint8Array(32).fill(7)
export const OTHER_KEY = new Uint8Array(32).fill(9)

export interface Station {
  readonly id: MemberId
  readonly transport: UdpTransport
  readonly received: { from: MemberId; message: Message }[]
  readonly unreachable: MemberId[]
}

/** The system is quick, and tells of every port that nobody has. */
const SOCKETS = { readingDelay: 0, refusals: 1, receiveBufferBytes: 8 * 1024 * 1024 }

/** Transports on a simulated network: member `a` is at 10.0.0.1:7000, `b` at 10.0.0.2:7000, and so on. */
export class VirtualCluster {
  readonly world: World
  readonly links: Links
  readonly network: DatagramNetwork
  readonly random: () => number
  readonly stations = new Map<MemberId, Station>()
  /** Everything that was sent, for those who record and replay; only while `recording`. */
  readonly recorded: Datagram[] = []
  recording = false
  /** Return false to drop. */
  filter: (sent: Datagram) => boolean = () => true
  /** What members that are started get in the place of the sockets of the network. */
  socketsFrom: (sockets: DatagramSockets) => DatagramSockets = (sockets) => sockets
  readonly #hosts: Map<MemberId, Host>

  /** Links take a steady time unless told otherwise. */
  constructor(seed = 1, links: (world: World, hosts: readonly string[]) => Links = (world, hosts) => new SteadyLinks(world, hosts)) {
    this.world = new World(seed)
    this.links = links(this.world, ['a', 'b', 'c'])
    this.network = new DatagramNetwork(this.world, this.links, SOCKETS)
    this.network.filter = (sent) => {
      if (this.recording) this.recorded.push(sent)
      return this.filter(sent)
    }
    this.random = this.world.random('test').next
    this.#hosts = new Map(this.links.hosts.map((id) => [id, new Host(id, this.world)]))
  }

  static address(id: MemberId): string {
    return `10.0.0.${id.charCodeAt(0) - 96}`
  }

  static endpoint(id: MemberId) {
    return { address: VirtualCluster.address(id), port: 7000 }
  }

  member(id: MemberId): Member {
    return { id, addresses: { peer: `${VirtualCluster.address(id)}:7000` } }
  }

  /** A member that is known, but not where it is. */
  static elsewhere(id: MemberId): Member {
    return { id, addresses: {} }
  }

  host(id: MemberId): Host {
    return this.#hosts.get(id) as Host
  }

  /** Lets so many ms pass, or fewer, until `done`. Returns how many have. */
  async run(milliseconds: number, done: () => boolean = () => false): Promise<number> {
    const start = this.world.now
    await this.world.run(start + milliseconds, done)
    return this.world.now - start
  }

  /** How many datagrams came to a socket that had no room for them. */
  get overruns(): number {
    return this.world.counts.get('overrun') ?? 0
  }

  /** Starts a member, in a new process, that knows `members`. */
  async start(id: MemberId, members: readonly (MemberId | Member)[], options: Partial<UdpTransportOptions> = {}): Promise<Station> {
    const host = this.host(id)
    const incarnation = host.begin()
    const sockets = this.socketsFrom(this.network.sockets(incarnation))
    let derived = () => {}
    const keys = new Promise<void>((resolve) => {
      derived = resolve
    })
    const transport = new UdpTransport({
      id,
      clusterId: 'test',
      bind: `${VirtualCluster.address(id)}:7000`,
      ...('insecurePlainText' in options ? {} : { secrets: [KEY] }),
      socket: {
        ...sockets,
        lookup: (name, done) => {
          derived()
          sockets.lookup(name, done)
        },
      },
      clock: clockOf(incarnation),
      randomBytes: (length) => Uint8Array.from({ length }, () => Math.floor(this.random() * 256)),
      ...options,
    })
    const station: Station = { id, transport, received: [], unreachable: [] }
    transport.attach(0, {
      onMessage: (from, message) => station.received.push({ from, message }),
      onUnreachable: (peer) => station.unreachable.push(peer),
    })
    transport.setMembers(
      0,
      members.map((member) => (typeof member === 'string' ? this.member(member) : member)),
    )
    this.stations.set(id, station)
    await this.#started(transport, keys)
    return station
  }

  async startAll(ids: readonly MemberId[], options: Partial<UdpTransportOptions> = {}): Promise<Station[]> {
    const stations: Station[] = []
    for (const id of ids) stations.push(await this.start(id, ids, options))
    return stations
  }

  /** Keys of a passphrase are derived in real time, and no virtual time passes until then. */
  async #started(transport: UdpTransport, keys: Promise<void>): Promise<void> {
    let isStarted = false
    const start = transport.start().then(() => {
      isStarted = true
    })
    await Promise.race([keys, start])
    await this.run(1, () => isStarted)
    await start
  }
}

function clockOf(incarnation: Incarnation): Clock {
  const { clock, world } = incarnation.host
  return clock.of(incarnation, (callback) => world.after(0, incarnation.bind(callback)))
}

export function heartbeat(round: number, group = 0): Message {
  return { type: 'heartbeat', group, term: 1, leaderCommit: 0, round }
}

/** Entries of which the payload's bytes follow from `index`, so that a mix-up shows. */
export function append(index: number, bytes: number, count = 1, group = 0): Message {
  const payloads = Array.from({ length: count }, (_, i) => payload(index + i, bytes))
  return {
    type: 'appendEntries',
    group,
    term: 1,
    prevLogIndex: index - 1,
    prevLogTerm: 1,
    leaderCommit: 0,
    entries: EntryBatch.of(index, 1, EntryKind.Command, payloads),
  }
}

function payload(index: number, bytes: number): Uint8Array {
  const content = Buffer.alloc(bytes)
  for (let i = 0; i + 4 <= bytes; i += 4) content.writeUInt32LE((index * 2654435761 + i) >>> 0, i)
  return content
}

/** The indexes of the first entries of the AppendEntries that arrived, in order; throws where a payload is not as sent. */
export function arrivedAppends(station: Station): number[] {
  const indexes: number[] = []
  for (const { message } of station.received) {
    if (message.type !== 'appendEntries') continue
    const { entries } = message
    for (let i = entries.firstIndex; i <= entries.lastIndex; i++) {
      const found = entries.payload(i)
      if (Buffer.compare(found, payload(i, found.length)) !== 0) throw new Error(`entry ${i} has arrived with other bytes`)
    }
    indexes.push(entries.firstIndex)
  }
  return indexes
}

export function arrivedRounds(station: Station): number[] {
  return station.received.flatMap(({ message }) => (message.type === 'heartbeat' ? [message.round] : []))
}
