import type { Connector } from '@raft/client'
import {
  type Clock,
  CommandTooLargeError,
  type Member,
  type MemberId,
  NodeStoppedError,
  NotLeaderError,
  OutcomeUnknownError,
  OverloadedError,
  type RaftError,
  type Transition,
} from '@raft/core'
import type { Account } from '../account.js'
import { parseAddress } from '../config/address.js'
import { NoLeaderError } from '../errors.js'
import { overloaded } from '../overload.js'
import { MemberConnection, type MemberConnectionHoldings } from './member-connection.js'
import { judge, type LeaderTask } from './operation.js'
import { Operation, Operations } from './operations.js'
import { unreachable, whyNotServed } from './wait-reasons.js'

/** What is needed of core's Node. */
export interface Leadership {
  readonly id: MemberId
  readonly leader: Member | null
  on(name: 'transition', listener: (transition: Transition) => void): () => void
}

export interface LeaderAccessOptions {
  readonly node: Leadership
  readonly clusterId: string
  readonly clock: Clock
  /** How other members are reached. */
  readonly connector: Connector
  /** How many requests may wait here for a leader or its answer. */
  readonly maxPending: number
  /** Bytes that may wait to be sent to one member. */
  readonly maxWaitingBytes: number
  /** A connection that owes answers and is silent for so long is given up; ms. */
  readonly silenceTimeout: number
  /** What the member holds for its clients. */
  readonly account: Account
  readonly onProblem: (message: string) => void
  /** What `onProblem` was told of is over. Default: nobody is told. */
  readonly onRecovered?: (message: string) => void
  /** Why no leader is known, in one line. Default: the question whether a majority runs. */
  readonly whyNoLeader?: () => string
}

/** The requests under way to a leader, as counted for the simulation. */
export interface AccessHoldings {
  readonly operations: number
  /** What they take on the member's account. */
  readonly bytes: number
  /** Operations, under way or just over, that are to be tried again. */
  readonly waiting: number
  readonly connections: readonly MemberConnectionHoldings[]
}

/** How the last connection to a member has failed. */
interface Trouble {
  readonly message: string
  /** A connection that worked may break once while the member is well: it is trouble when the next one does not come about. */
  readonly isSure: boolean
}

/** How long to wait before a member is asked again that did not lead, or could not be reached, in ms. */
const RETRY_DELAY = 25
/** How late a deadline may be noticed, in ms. */
const SWEEP_INTERVAL = 50
const CONNECT_TIMEOUT = 1000

/**
 * Carries requests to whoever leads: here, or over one persistent connection to the leader. It waits for a leader until the
 * deadline, and asks again only where the request certainly had no effect, or has none by its nature. When another member leads,
 * what may be asked again is asked there at once, for the former leader may hang with its connection open, or be cut off: it is given up
 * as soon as it gives no sign of life.
 */
export class LeaderAccess {
  readonly #options: LeaderAccessOptions
  readonly #connections = new Map<MemberId, MemberConnection>()
  readonly #operations = new Operations()
  /** Why the last connection to a member has failed, until one succeeds. */
  readonly #troubles = new Map<MemberId, Trouble>()
  #waiting: Operation[] = []
  #retryAt = Number.POSITIVE_INFINITY
  #sweeping = false
  #ended: NodeStoppedError | null = null
  readonly #unsubscribe: () => void

  constructor(options: LeaderAccessOptions) {
    this.#options = options
    this.#unsubscribe = options.node.on('transition', ({ leaderId }) => {
      if (leaderId === null) return
      // It may be another process by now, or elsewhere.
      this.#troubles.delete(leaderId)
      this.#leave(leaderId)
      this.#connections.get(leaderId)?.isLeader()
      this.#retry(0)
    })
  }

  /** Why no request is taken any more; null while they are. */
  get ended(): NodeStoppedError | null {
    return this.#ended
  }

  /** Requests under way. */
  get pending(): number {
    return this.#operations.size
  }

  /** @internal What is held for requests under way. For the simulation. */
  holdings(): AccessHoldings {
    const operations = this.#operations.filter(() => true)
    return {
      operations: operations.length,
      bytes: operations.reduce((sum, { task }) => sum + task.bytes, 0),
      waiting: this.#waiting.length,
      connections: [...this.#connections.values()].map((connection) => connection.holdings()),
    }
  }

  /** Why the leader that is known cannot be reached with requests; null while nothing is known to be wrong. Asking tries it again. */
  leaderTrouble(): string | null {
    const { leader, id } = this.#options.node
    if (leader === null || leader.id === id || this.#ended !== null) return null
    const trouble = this.#troubles.get(leader.id)
    if (trouble === undefined) return null
    // Where a member that is not ready gets no requests, nothing else would try.
    this.#connectionTo(leader)
    return trouble.isSure ? unreachable(leader, trouble.message) : null
  }

  /**
   * @param timeout in ms
   * @throws NoLeaderError, OverloadedError, CommandTooLargeError, RefusedError, NodeStoppedError: certainly without effect; OutcomeUnknownError for writes only
   */
  run<T>(task: LeaderTask<T>, timeout: number): Promise<T> {
    if (this.#ended !== null) return Promise.reject(this.#ended)
    if (this.#operations.size >= this.#options.maxPending) return Promise.reject(new OverloadedError(`${this.#operations.size} requests`))
    const { clock, account } = this.#options
    if (!account.take(task.bytes)) return Promise.reject(overloaded(account))
    const startedAt = clock.now()
    return new Promise<T>((resolve, reject) => {
      const operation = new Operation(task, startedAt, timeout, resolve as (result: unknown) => void, reject)
      this.#operations.add(operation)
      this.#armSweep()
      this.#attempt(operation)
    })
  }

  /**
   * What waits is failed; what was sent has an unknown outcome.
   * @param cause the error that the member died of; none when it was stopped
   */
  stop(cause?: Error): void {
    if (this.#ended !== null) return
    const ended = new NodeStoppedError(cause)
    this.#ended = ended
    this.#unsubscribe()
    for (const operation of this.#operations.filter(() => true)) {
      this.#fail(operation, this.#mayHaveTakenEffect(operation) ? new OutcomeUnknownError('this member stopped') : ended)
    }
    for (const connection of [...this.#connections.values()]) connection.close()
  }

  #attempt(operation: Operation): void {
    const { leader, id } = this.#options.node
    if (leader === null) this.#wait(operation)
    else if (leader.id === id) this.#attemptHere(operation)
    else this.#attemptThere(operation, leader)
  }

  #attemptHere(operation: Operation): void {
    operation.place = 'here'
    operation.task.local((error, result) => {
      if (error === null) this.#succeed(operation, result)
      else if (error instanceof NotLeaderError) this.#waitAndRetry(operation)
      else this.#fail(operation, error)
    })
  }

  #attemptThere(operation: Operation, leader: Member): void {
    const { task, deadline } = operation
    const connection = this.#connectionTo(leader)
    if (connection === null) {
      this.#fail(operation, new NotLeaderError(leader))
      return
    }
    if (connection.waitingBytes > this.#options.maxWaitingBytes) {
      this.#fail(operation, new OverloadedError(`${connection.waitingBytes} bytes for ${leader.id}`))
      return
    }
    const timeout = Math.max(1, Math.ceil(deadline - this.#options.clock.now()))
    const request = connection.request(task.kind, timeout, task.body(), (reply) => {
      const { place } = operation
      // It was taken back, and is elsewhere by now.
      if (typeof place !== 'object' || place.connection !== connection || place.request !== request) return
      if (!operation.isUnderWay) return
      if (reply.type === 'lost' && task.isWrite) {
        this.#fail(operation, new OutcomeUnknownError('the connection to the leader broke after it was sent'))
        return
      }
      if (reply.type === 'tooLarge') {
        this.#fail(operation, new CommandTooLargeError(task.body().length, reply.limit))
        return
      }
      const verdict = reply.type === 'response' ? judge(task, reply.kind, reply.body) : { tryAgain: true as const }
      if ('result' in verdict) this.#succeed(operation, verdict.result)
      else if ('error' in verdict) this.#fail(operation, verdict.error)
      else this.#waitAndRetry(operation)
    })
    operation.place = { connection, request }
  }

  #connectionTo(leader: Member): MemberConnection | null {
    const existing = this.#connections.get(leader.id)
    if (existing !== undefined) return existing
    const { client } = leader.addresses
    if (client === undefined || parseAddress(client) === null) return null
    const { clock, connector, clusterId, onProblem, onRecovered } = this.#options
    let wasGreeted = false
    const connection = new MemberConnection({
      address: client,
      memberId: leader.id,
      clusterId,
      clock,
      connector,
      connectTimeout: CONNECT_TIMEOUT,
      silenceTimeout: this.#options.silenceTimeout,
      onClose: () => this.#connections.delete(leader.id),
      onGreeted: () => {
        wasGreeted = true
        if (this.#troubles.delete(leader.id)) onRecovered?.(`the connection to ${leader.id} at ${client} is there again`)
      },
      onProblem: (message) => {
        this.#troubles.set(leader.id, { message, isSure: !wasGreeted })
        onProblem(message)
      },
    })
    this.#connections.set(leader.id, connection)
    return connection
  }

  /**
   * Takes back from all other members what they can no longer do, or may do without harm. The rest may yet be answered, by a member
   * that gives a sign of life.
   */
  #leave(leaderId: MemberId): void {
    const isElsewhere = ({ place }: Operation) => typeof place === 'object' && place.connection.memberId !== leaderId
    for (const operation of this.#operations.filter(isElsewhere)) {
      const { place, task } = operation
      if (typeof place !== 'object') continue
      if (task.isWrite && place.connection.hasSent(place.request)) {
        place.connection.isReplaced()
        continue
      }
      place.connection.cancel(place.request)
      this.#wait(operation)
    }
  }

  #wait(operation: Operation): void {
    if (!operation.isUnderWay) return
    operation.place = 'waiting'
    this.#waiting.push(operation)
  }

  #waitAndRetry(operation: Operation): void {
    this.#wait(operation)
    this.#retry(RETRY_DELAY)
  }

  #retry(delay: number): void {
    const { clock } = this.#options
    const at = clock.now() + delay
    if (this.#waiting.length === 0 || this.#retryAt <= at) return
    this.#retryAt = at
    clock.schedule(at, () => {
      this.#retryAt = Number.POSITIVE_INFINITY
      const waiting = this.#waiting
      this.#waiting = []
      for (const operation of waiting) if (operation.isUnderWay) this.#attempt(operation)
    })
  }

  #armSweep(): void {
    if (this.#sweeping) return
    this.#sweeping = true
    const { clock } = this.#options
    clock.schedule(clock.now() + SWEEP_INTERVAL, () => {
      this.#sweeping = false
      const now = clock.now()
      for (const operation of this.#operations.filter(({ deadline }) => deadline <= now)) this.#expire(operation, now)
      this.#waiting = this.#waiting.filter(({ isUnderWay }) => isUnderWay)
      if (this.#operations.size > 0) this.#armSweep()
    })
  }

  #expire(operation: Operation, now: number): void {
    const waited = now - operation.startedAt
    const mayHaveTakenEffect = this.#mayHaveTakenEffect(operation)
    this.#fail(
      operation,
      mayHaveTakenEffect ? new OutcomeUnknownError(`no answer within ${Math.round(waited)} ms`) : new NoLeaderError(waited, this.#why()),
    )
  }

  /** Why a request has waited in vain. */
  #why(): string {
    const { node, whyNoLeader } = this.#options
    const { leader, id } = node
    if (leader === null) return whyNoLeader?.() ?? 'is a majority of the members running?'
    const isConnected = this.#connections.get(leader.id)?.isGreeted === true
    return whyNotServed({ self: id, leader, trouble: this.leaderTrouble(), isConnected })
  }

  #mayHaveTakenEffect({ place, task }: Operation): boolean {
    if (place === 'waiting') return false
    const hasLeft = place === 'here' || place.connection.cancel(place.request)
    return hasLeft && task.isWrite
  }

  #succeed(operation: Operation, result: unknown): void {
    if (this.#end(operation)) operation.succeed(result)
  }

  #fail(operation: Operation, error: RaftError | Error): void {
    if (this.#end(operation)) operation.fail(error)
  }

  /** False when it has ended already. */
  #end(operation: Operation): boolean {
    const isFirst = this.#operations.delete(operation)
    if (isFirst) this.#options.account.release(operation.task.bytes)
    return isFirst
  }
}
