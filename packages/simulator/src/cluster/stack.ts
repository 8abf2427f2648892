import type { Clock, LogStorage, Member, MemberId, Node, NodeOptions, Random, StateMachine, Transport } from '@raft/core'
import type { HostDisk } from '../disk/host-disk.js'
import type { Character } from '../faults/character.js'
import type { Links } from '../network/links.js'
import type { Host, Incarnation } from '../world/host.js'
import type { Prng } from '../world/prng.js'
import type { World } from '../world/world.js'
import type { Cluster } from './cluster.js'

/** What one life of a member is made with. */
export interface MemberEnvironment {
  readonly id: MemberId
  readonly members: readonly Member[]
  readonly incarnation: Incarnation
  /** The host's own, which may be wrong. */
  readonly clock: Clock
  readonly random: Random
}

/** The ports of a member's node. */
export interface NodePorts<Result> {
  readonly storage: LogStorage
  readonly transport: Transport
  readonly stateMachine: StateMachine<Result>
}

/** A member's environment, and what its node must be made with so that the oracles see what it does. */
export interface LifeEnvironment<Result, Answer = Result> extends MemberEnvironment {
  /** Who the node is, its timing, limits and clock, and these ports, observed. To be called once. */
  nodeOptions(ports: NodePorts<Result>): NodeOptions<Answer>
}

/** One life of a member: its process, from its start to its end. */
export interface MemberLife<Answer> {
  readonly node: Node<Answer>
  /** Starts the node, and what is around it. Fulfilled once the node takes part, and clients may come. */
  start(): Promise<void>
  /** An orderly stop, the node's included. A process that crashes is not asked. */
  stop(): Promise<void>
}

/** Where a log begins, before its first entry. */
export interface LogBase {
  readonly index: number
  readonly term: number
}

/** The layer that stores: the disks of the hosts, and what a life of a member puts on its own. */
export interface StorageLayer {
  /** The disk of a host, made once. */
  disk(host: Host): HostDisk
  storage(environment: MemberEnvironment): LogStorage
  /** As `Stack.openBeside`. */
  openBeside?(environment: MemberEnvironment): Promise<'opened' | 'in use'>
  /** Of a write to the log, one after the other. Default 1. */
  readonly diskOperations?: number
}

/** A transport, and what is done before and after its node. */
export interface SimulatedTransport {
  readonly transport: Transport
  readonly start?: () => Promise<void>
  readonly stop?: () => Promise<void>
}

/** The layer that carries messages between members. */
export interface TransportLayer {
  /** Where members are reached. Default: nowhere. */
  addresses?(id: MemberId): Member['addresses']
  transport(environment: MemberEnvironment): SimulatedTransport
  /** As `Stack.rest`. */
  rest?(members: readonly MemberId[]): void
  /** Ms that pass while it sends and receives what a client's operation takes. Default 0. */
  readonly overhead?: number
}

/** What a simulated cluster is made of. Everything in it draws time and chance from its `SimulationContext`. */
export interface Stack<Result, Answer = Result> {
  /** Where the members' logs begin. Default: index 0 of term 0. */
  readonly base?: LogBase
  /** Where members are reached, as they tell each other. Default: nowhere. */
  addresses?(id: MemberId): Member['addresses']
  /** The disk of a host, made once. */
  disk(host: Host): HostDisk
  /** A new life of a member, which is not started yet. */
  member(environment: LifeEnvironment<Result, Answer>): MemberLife<Answer>
  /**
   * These members are at rest: the faults have ended, everything has been applied everywhere, and nothing was asked since. A stack that
   * has it checks here that nothing is left of what they did.
   */
  rest?(members: readonly MemberId[]): void
  /**
   * What a second process on the member's host does that is started on the member's directory: it opens the log, and closes it again
   * at once, or is told that the directory is in use. Rejected where it finds anything else. Default: none is started.
   */
  openBeside?(environment: MemberEnvironment): Promise<'opened' | 'in use'>
  /** What the node answers a command with. */
  answer(index: number, result: Result | undefined): Answer
  /** Who uses the cluster. */
  workload(cluster: Cluster<Result, Answer>): Workload
  /**
   * Whether all of these members know the directory on which the member runs, or ran last. In a stack that has it, members refuse one
   * whose disk is not what it was: it may lose its disk or go back to an older copy, and is out of the cluster from then on.
   */
  isRemembered?(id: MemberId, by: readonly MemberId[]): boolean
  /** What the state machine holds, in a few letters: equal states, equal digests. Without it states are not compared. */
  readonly digest?: (machine: StateMachine<Result>) => string
  /** Default: each write is one operation of the disk, and nothing else takes time. */
  readonly cost?: WorkCost
}

/** What work takes at most, besides its messages, on a cluster in which nothing is lost and nobody is slow. */
export interface WorkCost {
  /** Operations of the disk, one after the other, for one write to the log. */
  readonly diskOperations: number
  /** Ms for each operation of a client: turns that wait for each other. */
  readonly overhead: number
}

/** Whoever uses the cluster. What is wrong about the answers is told by `world.violated`. */
export interface Workload {
  /** For how long at most an operation may wait for its answer, in ms. Default 0: when nothing else happens any more, nothing waits. */
  readonly patience?: number
  /** From now on, until `stop`. */
  start(): void
  /** Nothing new is begun; what is under way ends. */
  stop(): void
  /** What is under way and should have been answered, in words; empty when there is nothing. */
  waiting(): string[]
  /** One operation, now, wherever it may succeed; `done(true)` when it has. */
  probe(done: (isDone: boolean) => void): void
  /** A member's process is gone, with what it was asked. */
  onEnded?(id: MemberId): void
  /** One operation at the member, now. `done(true)` when it has succeeded. Default: it is not known how promptly work is done. */
  operate?(kind: 'write' | 'read', id: MemberId, done: (isDone: boolean) => void): void
  /** Nothing runs any more: the last checks. */
  finish(): void
}

/** Where a stack gets time, chance and a network from. */
export interface SimulationContext {
  readonly world: World
  readonly links: Links
  readonly random: Prng
  readonly memberIds: readonly MemberId[]
  /** What is unusual about the run. Default: nothing. */
  readonly character?: Character
}

export type StackFactory<Result, Answer = Result> = (context: SimulationContext) => Stack<Result, Answer>
