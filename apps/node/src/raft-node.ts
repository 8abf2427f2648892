import type { Consistency } from '@raft/client/protocol'
import {
  type CompareAndSetResult,
  type DeleteResult,
  encodeCompareAndSet,
  encodeDelete,
  encodePut,
  encodeTransaction,
  type KeyValue,
  type PutResult,
  type Range,
  type RangeResult,
  type StoreResult,
  type TransactionCommand,
  type TransactionResult,
} from '@raft/commands'
import {
  type Member,
  type MemberId,
  type Node,
  type NodeEvents,
  type NodeStatus,
  NodeStoppedError,
  type RoleName,
  type WaitOptions,
} from '@raft/core'
import { TextError } from './errors.js'
import type { Store } from './options.js'
import type { KeyValueService } from './store/key-value-service.js'
import type { Done } from './store/results.js'

/**
 * Text stands for its UTF-8 bytes; a string with lone surrogates has none, and is refused with a TextError. Bytes are copied before a
 * call returns.
 */
export type Bytes = string | Uint8Array

export interface RequestOptions {
  /** In ms; default: the node's `requestTimeout`. */
  readonly timeout?: number
}

export interface ReadOptions extends RequestOptions {
  /** `linearizable` (default), `lease` (served as linearizable so far), or `local`: what this member has applied. */
  readonly consistency?: Consistency
}

/** What a RaftNode is made of. */
export interface NodeParts {
  readonly node: Node<StoreResult>
  readonly store: Store
  readonly service: KeyValueService
  readonly clusterId: string
  readonly requestTimeout: number
  /** Stops everything around the node, and the node. */
  readonly stop: () => Promise<void>
}

/**
 * One running member with its key-value store. Reads and writes work on every member: they go to the leader, and wait for one
 * if there is none.
 *
 * They reject with NoLeaderError, OverloadedError, CommandTooLargeError, RefusedError, TextError or NodeStoppedError when they
 * certainly had no effect, and with OutcomeUnknownError when a write may have taken effect.
 */
export class RaftNode {
  readonly #parts: NodeParts
  #stopping: Promise<void> | undefined

  constructor(parts: NodeParts) {
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
  get store(): Store {
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

  /** What the key holds, as Buffers of its own; null when it does not exist. */
  async get(key: Bytes, { consistency = 'linearizable', timeout }: ReadOptions = {}): Promise<KeyValue | null> {
    const { entry } = await this.#service.get(Buffer.from(toBytes(key)), consistency, timeout ?? this.#parts.requestTimeout)
    return entry
  }

  /** Keys in bytewise order. Keys and values are Buffers of their own. */
  async range(request: Range = {}, { consistency = 'linearizable', timeout }: ReadOptions = {}): Promise<RangeResult> {
    return this.#service.range(copyOf(request), consistency, timeout ?? this.#parts.requestTimeout)
  }

  async put(key: Bytes, value: Bytes, options?: RequestOptions): Promise<PutResult> {
    return expect('put', await this.#write(encodePut(toBytes(key), toBytes(value)), options))
  }

  async delete(key: Bytes, options?: RequestOptions): Promise<DeleteResult> {
    return expect('delete', await this.#write(encodeDelete(toBytes(key)), options))
  }

  /** Puts the value if the key's modRevision is `prevRevision`; 0: if the key does not exist. */
  async compareAndSet(key: Bytes, prevRevision: number, value: Bytes, options?: RequestOptions): Promise<CompareAndSetResult> {
    return expect('compareAndSet', await this.#write(encodeCompareAndSet(toBytes(key), prevRevision, toBytes(value)), options))
  }

  /** Carries out `thenSteps` if all compares hold, otherwise `elseSteps`; all of it or nothing, in one revision. */
  async transaction(transaction: Omit<TransactionCommand, 'type'>, options?: RequestOptions): Promise<TransactionResult> {
    return expect('transaction', await this.#write(encodeTransaction(transaction), options))
  }

  /** Takes nothing new, lets what is under way finish or fail, and lets go of ports and files. Safe to call twice. */
  stop(): Promise<void> {
    this.#stopping ??= this.#parts.stop()
    return this.#stopping
  }

  /** @throws NodeStoppedError from the call of `stop` on */
  get #service(): KeyValueService {
    if (this.#stopping !== undefined) throw new NodeStoppedError()
    return this.#parts.service
  }

  #write(command: Uint8Array, options: RequestOptions | undefined): Promise<Done> {
    return this.#service.write(command, options?.timeout ?? this.#parts.requestTimeout)
  }
}

/** @throws TextError */
function toBytes(bytes: Bytes): Uint8Array {
  if (typeof bytes !== 'string') return bytes
  if (!bytes.isWellFormed()) throw new TextError(`the string ${JSON.stringify(bytes.slice(0, 40))}`)
  return Buffer.from(bytes, 'utf8')
}

/** A copy of the request: the range is read after a wait, and the caller may change its bytes meanwhile. */
function copyOf({ prefix, after, ...rest }: Range): Range {
  return {
    ...rest,
    ...(prefix === undefined ? {} : { prefix: Buffer.from(prefix) }),
    ...(after === undefined ? {} : { after: Buffer.from(after) }),
  }
}

function expect<Type extends Done['type']>(type: Type, result: Done): Extract<Done, { type: Type }> {
  if (result.type !== type) throw new Error(`a ${type} was answered with the result of a ${result.type}`)
  return result as Extract<Done, { type: Type }>
}
