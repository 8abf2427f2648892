import { ConfigurationError, type RaftError } from '../errors.js'
import type { Clock, Random } from '../ports/clock.js'
import type { LogStorage } from '../ports/log-storage.js'
import type { StateMachine } from '../ports/state-machine.js'
import type { Transport } from '../ports/transport.js'
import type { Tuning } from '../tuning.js'
import type { GroupId, Member, MemberId } from '../types.js'

export interface Leadership {
  readonly term: number
  /** Aborts when this member no longer leads that term. */
  readonly signal: AbortSignal
}

export interface Following {
  readonly term: number
  /** The leader, once it is known. */
  readonly leaderId: MemberId | null
}

/** Upper bounds on what waits at one member. */
export interface Limits {
  /** Bytes of one command. Default 32 MiB. */
  maxCommandBytes: number
  /** Proposals, and reads, whose outcome is awaited. Default 65,536 of each. */
  maxPending: number
  /** Bytes of proposals whose outcome is awaited. Default 128 MiB. */
  maxPendingBytes: number
}

/** Told how long things took, in ms by the node's clock: for metrics. These callbacks must not throw. */
export interface DurationCallbacks {
  /** A write to the log is durable. */
  readonly onWritten?: (milliseconds: number) => void
  /** The state machine has applied a batch of entries. */
  readonly onApplied?: (milliseconds: number) => void
  /**
   * A proposal has ended: with its result where `error` is null. Proposals of one turn, and those that fail together, count from when the
   * first of them was submitted. One that was refused at once took no time.
   */
  readonly onProposed?: (milliseconds: number, error: RaftError | null) => void
}

export interface NodeOptions<Result> extends Partial<Tuning>, Partial<Limits>, DurationCallbacks {
  readonly id: MemberId
  /** Default 0. */
  readonly group?: GroupId
  /** The members with which the cluster begins, this one included. All vote. */
  readonly members: readonly Member[]
  readonly storage: LogStorage
  readonly stateMachine: StateMachine<Result>
  /** Started and stopped by its owner: several groups may share it. */
  readonly transport: Transport
  readonly clock: Clock
  readonly random: Random
  /**
   * This member leads, and has applied everything that was committed before: it may act as leader until the signal aborts. That is no
   * mutual exclusion by itself: a member that was paused learns late that another leads. The term is the fencing token: what the leader
   * changes must refuse an older one.
   * May be async. What it throws is reported as `callbackError` and harms nothing.
   */
  readonly onLeader?: (leadership: Leadership) => unknown
  /** This member follows, after it led or when it starts. May be async; what it throws, as above. */
  readonly onFollower?: (following: Following) => unknown
}

export const defaultLimits: Limits = {
  maxCommandBytes: 32 * 1024 * 1024,
  maxPending: 65_536,
  maxPendingBytes: 128 * 1024 * 1024,
}

/** @throws ConfigurationError naming the option */
export function completeLimits(given: Partial<Limits>): Limits {
  const limits = { ...defaultLimits }
  for (const key of Object.keys(defaultLimits) as (keyof Limits)[]) {
    const value = given[key]
    if (value === undefined) continue
    if (!Number.isSafeInteger(value) || value <= 0) throw new ConfigurationError(`${key}: a positive whole number is needed, not ${value}`)
    limits[key] = value
  }
  return limits
}
