import type { StoreResult } from '@raft/commands'
import type { Clock } from '@raft/core'
import {
  type AccessHoldings,
  Account,
  type ConnectionHoldings,
  type EndPart,
  type Entrance,
  type Fate,
  Group,
  ProtocolConnection,
  type ProtocolConnectionOptions,
  protocolOptions,
} from '@raft/node/endpoint'
import type { Incarnation, LifeEnvironment, NodePorts, StreamNetwork } from '@raft/simulator'
import type { KeyValueStore } from '@raft/state-machine'
import { CLUSTER_ID } from '../layers/cluster-id.js'
import { CountedProposer } from './counted-proposer.js'

export const CLIENT_PORT = 8000
/** How long an orderly stop lets clients be answered, in ms. */
export const STOP_TIMEOUT = 60
const MAX_VALUE_BYTES = 1024 * 1024
const MAX_PENDING = 1000
/** Small enough that it is reached. */
const MAX_HELD_BYTES = 2 * 1024 * 1024
const MAX_WAITING_BYTES = 4 * 1024 * 1024
/** In ms, in proportion to the time that clients give a request. */
const SILENCE_TIMEOUT = 500

export interface ServedMemberOptions {
  readonly environment: LifeEnvironment<StoreResult>
  readonly ports: NodePorts<StoreResult> & { readonly stateMachine: KeyValueStore }
  readonly fate: Fate
  readonly streams: StreamNetwork
  readonly onProtocolError: (error: Error) => void
}

/** What a member holds for its clients. */
export interface MemberHoldings {
  /** Bytes on its account. */
  readonly account: number
  /** Of each connection of a client: what it holds, and the bytes of its commands that the node has and has not answered. */
  readonly connections: readonly { readonly holdings: ConnectionHoldings; readonly openBytes: number }[]
  readonly access: AccessHoldings
}

/** A member's group, and where its clients come in, on simulated streams. */
export function servedMember({ environment, ports, fate, streams, onProtocolError }: ServedMemberOptions): {
  readonly group: Group
  readonly entrance: Entrance
  readonly holdings: () => MemberHoldings
} {
  const { clock, incarnation } = environment
  const store = ports.stateMachine
  const account = new Account(MAX_HELD_BYTES)
  const group = new Group(
    { clock, connector: streams.connector(incarnation) },
    {
      node: environment.nodeOptions(ports),
      store,
      fate,
      clusterId: CLUSTER_ID,
      maxPending: MAX_PENDING,
      maxWaitingBytes: MAX_WAITING_BYTES,
      silenceTimeout: SILENCE_TIMEOUT,
      account,
      onProblem: () => {},
    },
  )
  const member = { node: group.node, store, clusterId: CLUSTER_ID, clock, maxValueBytes: MAX_VALUE_BYTES, account }
  const protocol = protocolOptions(member, { onProtocolError })
  const entrance = new StreamEntrance(streams, incarnation, clock, protocol)
  const holdings = () => ({ account: account.bytes, connections: entrance.holdings(), access: group.access.holdings() })
  return { group, entrance, holdings }
}

/** The client port of a member, on simulated streams. */
class StreamEntrance implements Entrance {
  readonly #streams: StreamNetwork
  readonly #incarnation: Incarnation
  readonly #clock: Clock
  readonly #protocol: ProtocolConnectionOptions
  readonly #connections = new Map<ProtocolConnection, CountedProposer>()
  /** Connections that have ended, and may hold what the node has not answered yet. */
  readonly #ended = new Map<ProtocolConnection, CountedProposer>()
  #stopListening = (): void => {}

  constructor(streams: StreamNetwork, incarnation: Incarnation, clock: Clock, protocol: ProtocolConnectionOptions) {
    this.#streams = streams
    this.#incarnation = incarnation
    this.#clock = clock
    this.#protocol = protocol
  }

  open(): void {
    this.#stopListening = this.#streams.listen(this.#incarnation, CLIENT_PORT, (stream) => {
      const proposer = new CountedProposer(this.#protocol.node)
      const connection = new ProtocolConnection(stream, { ...this.#protocol, node: proposer })
      this.#connections.set(connection, proposer)
      return {
        onData: (chunk) => connection.receive(chunk),
        onDrain: () => connection.drained(),
        onEnd: () => connection.drain(),
        onClose: () => {
          this.#connections.delete(connection)
          this.#ended.set(connection, proposer)
          connection.closed()
        },
      }
    })
  }

  holdings(): MemberHoldings['connections'] {
    for (const connection of this.#ended.keys()) {
      const { bytes, requests, answers } = connection.holdings()
      if (bytes === 0 && requests === 0 && answers === 0) this.#ended.delete(connection)
    }
    return [...this.#connections, ...this.#ended].map(([connection, { openBytes }]) => ({ holdings: connection.holdings(), openBytes }))
  }

  readonly finish: EndPart = (patience) => {
    this.#stopListening()
    for (const connection of this.#connections.keys()) connection.refuse()
    return new Promise((resolve) => this.#clock.schedule(this.#clock.now() + patience, resolve))
  }

  /** The streams end with the process. */
  readonly close: EndPart = () => {}
}
