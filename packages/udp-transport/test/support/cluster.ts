import { EntryBatch, EntryKind, type Member, type MemberId, type Message } from '@raft/core'
import { UdpTransport, type UdpTransportOptions } from '../../src/index.js'
import { seeded, VirtualClock } from './virtual-clock.js'
import { VirtualNetwork } from './virtual-network.js'

export const KEY = new Uint8Array(32).fill(7)
export const OTHER_KEY = new Uint8Array(32).fill(9)

export interface Station {
  readonly id: MemberId
  readonly transport: UdpTransport
  readonly received: { from: MemberId; message: Message }[]
  readonly unreachable: MemberId[]
}

/** Transports on a virtual network: member `a` is at 10.0.0.1:7000, `b` at 10.0.0.2:7000, and so on. */
export class VirtualCluster {
  readonly clock = new VirtualClock()
  readonly network: VirtualNetwork
  readonly random: () => number
  readonly stations = new Map<MemberId, Station>()

  constructor(seed = 1) {
    this.random = seeded(seed)
    this.network = new VirtualNetwork(this.clock, this.random)
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

  /** Starts a member, again if need be, that knows `members`. */
  async start(id: MemberId, members: readonly MemberId[], options: Partial<UdpTransportOptions> = {}): Promise<Station> {
    const transport = new UdpTransport({
      id,
      clusterId: 'test',
      bind: `${VirtualCluster.address(id)}:7000`,
      ...('insecurePlainText' in options ? {} : { secrets: [KEY] }),
      socket: this.network,
      clock: this.clock,
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
      members.map((member) => this.member(member)),
    )
    await transport.start()
    this.stations.set(id, station)
    return station
  }

  async startAll(ids: readonly MemberId[], options: Partial<UdpTransportOptions> = {}): Promise<Station[]> {
    const stations: Station[] = []
    for (const id of ids) stations.push(await this.start(id, ids, options))
    return stations
  }
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
