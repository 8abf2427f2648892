import assert from 'node:assert/strict'
import { decodeMessage, encodeMessage, type GroupId, type Member, type MemberId, type Message, type Transport } from '@raft/core'
import { now, sleep, turns } from '../waiting.js'

/** A member of a network under test. */
export interface TransportStation {
  /** Started, with no group attached. */
  readonly transport: Transport
  /** How the others reach it. */
  readonly member: Member
  /** Stops it. Called once for each, at the end of the test or before. */
  stop(): void | Promise<void>
}

/** One network, which the suite takes anew for each test. */
export interface TransportNetwork {
  /** A new station of this id. One of the same id may have been there before, and have stopped. */
  join(id: MemberId): TransportStation | Promise<TransportStation>
  /** Lets go of the rest, after all stations have stopped. */
  remove?(): void | Promise<void>
}

/** How long to go on listening for what must not arrive, in milliseconds. */
const SILENCE = 100
/** What is lost is sent again after so many milliseconds. */
const REPEAT = 30

export interface Arrival {
  readonly from: MemberId
  /** As it was on arrival, for comparison. */
  readonly text: string
  readonly message: Message
}

/** What a message says, so that equal messages are equal texts. */
export function textOf(message: Message): string {
  return Buffer.from(encodeMessage(message)).toString('latin1')
}

/** What the stations of one network have in common: a receiver of any must not be called from inside a call to any. */
interface Calls {
  /** The call under way, empty when there is none. */
  inside: string
  readonly faults: string[]
}

/** A station, and what its receivers were told. */
export class Station {
  readonly id: MemberId
  readonly #station: TransportStation
  readonly #arrivals = new Map<GroupId, Arrival[]>()
  readonly unreachable: { group: GroupId; peer: MemberId }[] = []
  /** What stands for the receiver that each group has now. */
  readonly #attached = new Map<GroupId, object>()
  readonly #calls: Calls
  #stopped = false

  constructor(id: MemberId, station: TransportStation, calls: Calls) {
    this.id = id
    this.#station = station
    this.#calls = calls
  }

  get member(): Member {
    return this.#station.member
  }

  attach(group: GroupId, members: readonly Member[]): void {
    const arrivals = this.arrivals(group)
    const receiver = {}
    this.#attached.set(group, receiver)
    const noteStale = (what: string) => {
      if (this.#attached.get(group) !== receiver) this.#calls.faults.push(`${what} of group ${group} was called after detach`)
    }
    this.#call('attach', () =>
      this.#station.transport.attach(group, {
        onMessage: (from, message) => {
          this.#noteInside(`onMessage of group ${group}`)
          noteStale('onMessage')
          arrivals.push({ from, text: textOf(message), message })
        },
        onUnreachable: (peer) => {
          this.#noteInside(`onUnreachable of group ${group}`)
          this.unreachable.push({ group, peer })
        },
      }),
    )
    this.setMembers(group, members)
  }

  setMembers(group: GroupId, members: readonly Member[]): void {
    this.#call('setMembers', () => this.#station.transport.setMembers(group, members))
  }

  detach(group: GroupId): void {
    this.#attached.delete(group)
    this.#call('detach', () => this.#station.transport.detach(group))
  }

  send(to: MemberId, message: Message): void {
    this.#call('send', () => this.#station.transport.send(to, message))
  }

  /** What has arrived for the group, in order: grows. */
  arrivals(group: GroupId): Arrival[] {
    let arrivals = this.#arrivals.get(group)
    if (arrivals === undefined) {
      arrivals = []
      this.#arrivals.set(group, arrivals)
    }
    return arrivals
  }

  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    await this.#station.stop()
  }

  #call(what: string, body: () => void): void {
    this.#calls.inside = what
    try {
      body()
    } finally {
      this.#calls.inside = ''
    }
  }

  #noteInside(what: string): void {
    const { inside, faults } = this.#calls
    if (inside !== '') faults.push(`${what} was called from inside ${inside}`)
  }
}

/** Stations of one network. Messages may be lost, so that what must arrive is sent until it does. */
export class Stations {
  readonly #network: TransportNetwork
  readonly #timeout: number
  readonly #all: Station[] = []
  readonly #calls: Calls = { inside: '', faults: [] }

  constructor(network: TransportNetwork, timeout: number) {
    this.#network = network
    this.#timeout = timeout
  }

  async join(id: MemberId): Promise<Station> {
    const station = new Station(id, await this.#network.join(id), this.#calls)
    this.#all.push(station)
    return station
  }

  /** Stations that are members of one another's group. */
  async joined(ids: readonly MemberId[], groups: readonly GroupId[] = [0]): Promise<Station[]> {
    const stations: Station[] = []
    for (const id of ids) stations.push(await this.join(id))
    const members = stations.map(({ member }) => member)
    for (const station of stations) for (const group of groups) station.attach(group, members)
    return stations
  }

  async pair(groups: readonly GroupId[] = [0]): Promise<[Station, Station]> {
    return (await this.joined(['a', 'b'], groups)) as [Station, Station]
  }

  /** Sends until `arrived` holds. */
  async until(what: string, arrived: () => boolean, send: () => void, repeat = REPEAT): Promise<void> {
    const deadline = now() + this.#timeout
    while (!arrived()) {
      assert(now() < deadline, `${what}: not in ${this.#timeout} ms`)
      send()
      for (const again = now() + repeat; !arrived() && now() < again; ) await sleep(1)
    }
  }

  /** Sends until it has arrived once as it was sent, and says where in the arrivals. */
  async deliver(from: Station, to: Station, message: Message): Promise<number> {
    const text = textOf(message)
    const arrivals = to.arrivals(message.group)
    const place = () => arrivals.findIndex((arrival) => arrival.from === from.id && arrival.text === text)
    const what = `a ${message.type} of ${text.length} bytes from ${from.id} to ${to.id}`
    const arrivedAt = () => place() >= 0
    await this.until(
      what,
      arrivedAt,
      () => from.send(to.id, decodeMessage(Uint8Array.from(encodeMessage(message)))),
      Math.max(REPEAT, text.length / 2000),
    )
    return place()
  }

  async silence(): Promise<void> {
    await sleep(SILENCE)
    await turns()
  }

  async end(): Promise<void> {
    for (const station of this.#all) await station.stop()
    await this.#network.remove?.()
    assert(this.#calls.faults.length === 0, this.#calls.faults.join('; '))
  }
}
