import type { Clock, Node } from '@raft/core'
import { Account, KeyValueService, LeaderAccess, ProtocolConnection, protocolOptions, type ServedMember } from '@raft/node/endpoint'
import type { Incarnation, StreamNetwork } from '@raft/simulator'
import type { KeyValueStore, StoreResult } from '@raft/state-machine'
import { CLUSTER_ID } from '../layers/cluster-id.js'

export const CLIENT_PORT = 8000
const MAX_VALUE_BYTES = 1024 * 1024
const MAX_PENDING = 1000
/** Small enough that it is reached. */
const MAX_HELD_BYTES = 2 * 1024 * 1024
/** In ms. */
const STOP_TIMEOUT = 60
const MAX_WAITING_BYTES = 4 * 1024 * 1024
/** In ms, in proportion to the time that clients give a request. */
const SILENCE_TIMEOUT = 500

export interface ServedMemberOptions {
  readonly node: Node<StoreResult>
  readonly store: KeyValueStore
  readonly clock: Clock
  readonly incarnation: Incarnation
  readonly streams: StreamNetwork
  readonly onProtocolError: (error: Error) => void
}

/** What `createNode` puts around a node, on simulated streams: the client protocol, and the way to whoever leads. */
export class ServedLife {
  readonly service: KeyValueService
  readonly #access: LeaderAccess
  readonly #clock: Clock
  readonly #connections = new Set<ProtocolConnection>()
  readonly #stopListening: () => void

  constructor({ node, store, clock, incarnation, streams, onProtocolError }: ServedMemberOptions) {
    this.#clock = clock
    const account = new Account(MAX_HELD_BYTES)
    this.#access = new LeaderAccess({
      node,
      clusterId: CLUSTER_ID,
      clock,
      connector: streams.connector(incarnation),
      maxPending: MAX_PENDING,
      maxWaitingBytes: MAX_WAITING_BYTES,
      silenceTimeout: SILENCE_TIMEOUT,
      account,
      onProblem: () => {},
    })
    this.service = new KeyValueService(node, store, this.#access)
    const member: ServedMember = { node, store, clusterId: CLUSTER_ID, clock, maxValueBytes: MAX_VALUE_BYTES, account }
    const options = protocolOptions(member, { onWrite: () => {}, onProtocolError })
    this.#stopListening = streams.listen(incarnation, CLIENT_PORT, (stream) => {
      const connection = new ProtocolConnection(stream, options)
      this.#connections.add(connection)
      return {
        onData: (chunk) => connection.receive(chunk),
        onDrain: () => connection.drained(),
        onEnd: () => connection.drain(),
        onClose: () => {
          this.#connections.delete(connection)
          connection.closed()
        },
      }
    })
  }

  /** In the order of the server: nothing new is taken, what is under way is answered, for a while, and then the node stops. */
  async stop(node: Node<StoreResult>): Promise<void> {
    this.#stopListening()
    for (const connection of this.#connections) connection.refuse()
    await new Promise<void>((resolve) => this.#clock.schedule(this.#clock.now() + STOP_TIMEOUT, resolve))
    this.#access.stop()
    await node.stop()
  }
}
