import { bytes, type Clock, type Connection, type ConnectionEvents, type Connector, RaftClient } from '@raft/client'
import { decodeGet, decodeRange, type Request, RequestKind, type ServerEndpoint } from '@raft/client/protocol'
import type { StoreResult } from '@raft/commands'
import { EntryBatch, EntryKind } from '@raft/core'
import { type Prng, World } from '@raft/simulator'
import { KeyValueStore } from '@raft/state-machine'
import { answer, refuse } from './answer.js'
import { FakeConnection } from './fake-connection.js'

const addresses = ['n1:1', 'n2:1', 'n3:1'] as const

/** What a broken cluster does otherwise; each with how likely it is. */
export interface Defects {
  /** A read that asks for the present is answered from what another member has applied. */
  readonly staleRead?: number
  /** A command is appended a second time after a while. */
  readonly doubleApply?: number
  /** A write is answered and then forgotten. */
  readonly lostWrite?: number
  /** A write whose connection broke is forgotten after it took effect. */
  readonly vanishing?: number
  /** A compare-and-set that lost has written all the same. */
  readonly lostSwapWrites?: number
  /** A write that was refused for certain is appended later. */
  readonly refusedApplies?: number
  /** A byte of a value that is read is another. */
  readonly garbled?: number
  /** A write is answered with the result of the one before. */
  readonly oldAnswer?: number
  /** A range leaves out a key. */
  readonly shortRange?: number
}

/**
 * Three members that hold one log, as a cluster looks like to its clients: requests take time, connections break before and after a
 * write took effect, leaders change, followers are behind. Written for tests; the real one is not in it but for the store.
 */
export class FakeCluster implements Connector {
  readonly world: World
  readonly clock: Clock
  readonly random: Prng
  readonly defects: Defects
  leader: string = addresses[0]
  log: Uint8Array[] = []
  readonly #stores = new Map<string, KeyValueStore>(addresses.map((address) => [address, new KeyValueStore()]))
  readonly #connections = new Map<FakeConnection, string>()
  #last: StoreResult | null = null
  /** Mean ms of a way between client and member. */
  readonly #latency: number
  /** How likely a request breaks its connection, or finds the leader overloaded. */
  readonly #trouble: number

  constructor(seed: number, defects: Defects = {}) {
    this.world = new World(seed)
    this.random = this.world.random('cluster')
    this.defects = defects
    this.#latency = this.random.between(0.5, 8)
    this.#trouble = this.random.pick([0, 0.005, 0.03])
    this.clock = {
      now: () => this.world.now,
      schedule: (time, callback) => {
        const event = this.later(time - this.world.now, callback)
        return () => event.cancel()
      },
      defer: (callback) => void this.later(0, callback),
    }
    if (this.random.chance(0.7)) this.#electNow()
  }

  readonly client = (_id: string, random: () => number): RaftClient<Uint8Array> =>
    new RaftClient<Uint8Array>({ members: [...addresses], connector: this, clock: this.clock, random, codec: bytes })

  later(delay: number, action: () => void) {
    return this.world.after(delay, () => {
      action()
    })
  }

  connect(address: string, events: ConnectionEvents): Connection {
    const connection = new FakeConnection(this, address, events)
    this.#connections.set(connection, address)
    return connection
  }

  way(): number {
    return this.random.exponential(this.#latency)
  }

  take(address: string, request: Request, endpoint: ServerEndpoint, connection: FakeConnection): void {
    const { id, kind } = request
    const leader = this.leader === address ? null : { id: this.leader.slice(0, 2), address: this.leader }
    if (this.random.chance(this.#trouble)) this.later(this.way(), () => connection.cut())
    if (kind === RequestKind.Status) this.#status(address, id, endpoint)
    else if (kind === RequestKind.Write) {
      if (leader !== null) endpoint.error(id, { outcome: 'notAppended', code: 'RAFT_NOT_LEADER', message: 'not I', leader })
      else if (this.random.chance(this.#trouble)) this.#refuse(id, request.body, endpoint)
      else this.later(this.way(), () => this.#write(address, id, Uint8Array.from(request.body), endpoint, connection))
    } else this.#read(address, request, endpoint, leader)
  }

  append(command: Uint8Array): StoreResult {
    this.log.push(command)
    const result = this.#apply(this.leader)
    for (const address of addresses) if (address !== this.leader) this.later(this.random.exponential(40), () => this.#apply(address))
    return result as StoreResult
  }

  #write(address: string, id: number, command: Uint8Array, endpoint: ServerEndpoint, connection: FakeConnection): void {
    if (address !== this.leader) {
      refuse(endpoint, id, 'OutcomeUnknown', 'unknown')
      // It may be in the new leader's log, too.
      if (this.random.chance(0.5)) this.later(this.random.exponential(200), () => this.append(command))
      return
    }
    const result = this.append(command)
    const { doubleApply = 0, lostWrite = 0, lostSwapWrites = 0, oldAnswer = 0, vanishing = 0 } = this.defects
    answer(endpoint, id, this.#last?.type === result.type && this.random.chance(oldAnswer) ? this.#last : result)
    this.#last = result
    if (this.random.chance(doubleApply)) this.later(this.random.exponential(30), () => this.append(command))
    if (this.random.chance(lostWrite) || (connection.isCut && this.random.chance(vanishing)))
      this.later(this.random.exponential(30), () => this.#forget(command))
    if (result.type === 'compareAndSet' && !result.succeeded && this.random.chance(lostSwapWrites)) this.append(asPut(command))
  }

  #refuse(id: number, command: Uint8Array, endpoint: ServerEndpoint): void {
    const copy = Uint8Array.from(command)
    refuse(endpoint, id, this.random.chance(0.5) ? 'Overloaded' : 'TooLarge', 'notAppended')
    if (this.random.chance(this.defects.refusedApplies ?? 0)) this.later(this.way(), () => this.append(copy))
  }

  #read(address: string, { id, kind, body }: Request, endpoint: ServerEndpoint, leader: { id: string; address: string } | null): void {
    const query = kind === RequestKind.Get ? decodeGet(body) : decodeRange(body)
    if (leader !== null && query.consistency !== 'local') {
      endpoint.error(id, { outcome: 'notAppended', code: 'RAFT_NOT_LEADER', message: 'not I', leader })
      return
    }
    const key = 'key' in query ? Uint8Array.from(query.key) : null
    const range = 'range' in query ? structuredClone(query.range) : null
    this.later(this.way(), () => {
      const store = this.#store(this.#whoAnswers(address, query.consistency === 'local'))
      if (key !== null) {
        const entry = store.get(key)
        endpoint.get(id, { revision: store.revision, entry: entry === null ? null : { ...entry, value: this.#garbled(entry.value) } })
      } else if (range !== null) {
        const found = store.range(range)
        const left = this.random.chance(this.defects.shortRange ?? 0) ? found.entries.slice(1) : found.entries
        endpoint.range(id, { ...found, entries: left })
      }
    })
  }

  #whoAnswers(address: string, isLocal: boolean): string {
    if (this.random.chance(this.defects.staleRead ?? 0)) return this.random.pick(addresses)
    return isLocal ? address : this.leader
  }

  #garbled(value: Uint8Array): Uint8Array {
    if (value.length === 0 || !this.random.chance(this.defects.garbled ?? 0)) return value
    const other = Uint8Array.from(value)
    const at = this.random.below(value.length)
    other[at] = (other[at] ?? 0) ^ 1
    return other
  }

  /** As if it had never been in the log. */
  #forget(command: Uint8Array): void {
    this.log = this.log.filter((one) => one !== command)
    for (const address of addresses) {
      this.#stores.set(address, new KeyValueStore())
      while (this.#store(address).lastApplied < this.log.length) this.#apply(address)
    }
  }

  #apply(address: string): StoreResult | undefined {
    const store = this.#store(address)
    const command = this.log[store.lastApplied]
    if (command === undefined) return undefined
    return store.apply(EntryBatch.of(store.lastApplied + 1, 1, EntryKind.Command, [command]))[0]
  }

  #electNow(): void {
    this.later(this.random.exponential(300), () => {
      this.leader = this.random.pick(addresses)
      while (this.#store(this.leader).lastApplied < this.log.length) this.#apply(this.leader)
      for (const [connection, address] of this.#connections) if (address !== this.leader && this.random.chance(0.3)) connection.cut()
      this.#electNow()
    })
  }

  #status(address: string, id: number, endpoint: ServerEndpoint): void {
    const commitIndex = this.log.length
    const leaderId = this.leader.slice(0, 2)
    const members = addresses.map((client) => ({ id: client.slice(0, 2), addresses: { client } }))
    const role = address === this.leader ? 'leader' : 'follower'
    const memberId = address.slice(0, 2)
    endpoint.status(id, { memberId, clusterId: 'fake', role, term: 1, leaderId, commitIndex, appliedIndex: 1, revision: 1, members })
  }

  #store(address: string): KeyValueStore {
    return this.#stores.get(address) as KeyValueStore
  }
}

/** The put of the same key and value as an encoded compare-and-set: docs/formats.md has both. */
function asPut(swap: Uint8Array): Uint8Array {
  const bytes = Buffer.from(swap)
  const keyEnd = 2 + 4 + bytes.readUInt32LE(2)
  return Buffer.concat([Buffer.from([1, 1]), bytes.subarray(2, keyEnd), bytes.subarray(keyEnd + 8)])
}
