import type { Codec, StoreResult } from '@raft/commands'
import type { Member, MemberId, Node, NodeEvents, NodeStatus, RoleName, WaitOptions } from '@raft/core'
import type { LocalStore } from './options.js'
import { EmbeddedStore } from './store/embedded-store.js'
import type { KeyValueService } from './store/key-value-service.js'

/** What a RaftNode is made of. */
export interface NodeParts<V> {
  readonly codec: Codec<V>
  readonly node: Node<StoreResult>
  readonly store: LocalStore
  readonly service: KeyValueService
  readonly clusterId: string
  readonly requestTimeout: number
  /** Stops everything around the node, and the node. */
  readonly stop: () => Promise<void>
}

/**
 * One running member with its key-value store. The calls of a `Store` work on every member: they go to the leader, and wait for one
 * if there is none.
 */
export class RaftNode<V = unknown> extends EmbeddedStore<V> {
  readonly #parts: NodeParts<V>
  #stopping: Promise<void> | undefined

  constructor(parts: NodeParts<V>) {
    super({ ...parts, service: () => (this.#stopping === undefined ? parts.service : null) })
    this.#parts = parts
  }

  get id(): MemberId {
    return this.#parts.node.id
  }

  get clusterId(): string {
    return this.#parts.clusterId
  }

  get role(): RoleName {
    return this.#parts.node.role
  }

  get leaderId(): MemberId | null {
    return this.#parts.node.leaderId
  }

  /** The leader with its addresses, where it is known. */
  get leader(): Member | null {
    return this.#parts.node.leader
  }

  /** The local state machine: what this member has applied. */
  get store(): LocalStore {
    return this.#parts.store
  }

  /** Fulfilled when the node was stopped; rejected when it died of an error. */
  get stopped(): Promise<void> {
    return this.#parts.node.stopped
  }

  status(): NodeStatus {
    return this.#parts.node.status()
  }

  /** Calls `listener` for every such event, until the function that is returned is called. */
  on<Name extends keyof NodeEvents>(name: Name, listener: (event: NodeEvents[Name]) => void): () => void {
    return this.#parts.node.on(name, listener)
  }

  /** The leader's id as soon as one is known. @throws WaitAbortedError, NodeStoppedError */
  waitForLeader(options?: WaitOptions): Promise<MemberId> {
    return this.#parts.node.waitForLeader(options)
  }

  /** Until member `id` leads. @throws WaitAbortedError, NodeStoppedError */
  waitUntilLeader(id: MemberId, options?: WaitOptions): Promise<void> {
    return this.#parts.node.waitUntilLeader(id, options)
  }

  /** Replicates an encoded command, whose bytes must not be written to before the outcome is known, where this member leads. @throws NotLeaderError and as core's `Node.propose` */
  propose(command: Uint8Array, options?: WaitOptions): Promise<StoreResult> {
    return this.#parts.node.propose(command, options)
  }

  /**
   * The read index, where this member leads, once everything up to it is applied: a read of `store` is linearizable then.
   *
   * @throws NotLeaderError and as core's `Node.readIndex`
   */
  readIndex(options?: WaitOptions): Promise<number> {
    return this.#parts.node.readIndex(options)
  }

  /** Takes nothing new, lets what is under way finish or fail, and lets go of ports and files. Safe to call twice. */
  stop(): Promise<void> {
    this.#stopping ??= this.#parts.stop()
    return this.#stopping
  }
}
