import { Operation } from '@raft/commands'
import { RaftClient } from '../../src/index.js'
import type { ClientOptions } from '../../src/options.js'
import { decodeGet, decodeRange, ErrorCode, type ErrorResponse, type Request, RequestKind } from '../../src/protocol/index.js'
import type { StatusResult } from '../../src/protocol/response.js'
import { type Listener, Network, type Session } from './network.js'
import { Store } from './store.js'
import { VirtualClock } from './virtual-clock.js'

const ADDRESSES = ['n1:1', 'n2:1', 'n3:1'] as const
export const [A, B, C] = ADDRESSES

/** Three scripted members that share one store; the test says who leads and what goes wrong. */
export class Cluster {
  readonly clock = new VirtualClock()
  readonly network = new Network(this.clock)
  readonly store = new Store()
  leader: string | null = A
  term = 1
  /** Members that do not know of the present leader name this one. */
  readonly staleHints = new Map<string, string | null>()
  /** Looks at each request first; true: it has been dealt with, or is to be left without an answer. */
  intercept: (address: string, request: Request, session: Session) => boolean = () => false
  /** What arrived, as `address kind`. */
  readonly received: { address: string; kind: number; timeout: number }[] = []

  constructor() {
    for (const address of ADDRESSES) this.network.listeners.set(address, this.#listener(address))
  }

  client(options: Partial<ClientOptions<unknown>> = {}): RaftClient {
    return new RaftClient({ members: [...ADDRESSES], connector: this.network, clock: this.clock, random: () => 0.5, ...options })
  }

  elect(address: string): void {
    this.leader = address
    this.term += 1
  }

  /** The member's process is gone. */
  kill(address: string): void {
    this.network.listeners.delete(address)
    this.network.cut(address)
  }

  restart(address: string): void {
    this.network.listeners.set(address, this.#listener(address))
  }

  /** Answers a write. */
  write(request: Request, { endpoint }: Session): void {
    const { command, results, succeeded, modRevision } = this.store.apply(request.body)
    const revision = this.store.revision
    const [first] = results
    if (first?.type === 'put' && command.operation === Operation.put) endpoint.result(request.id, { ...first, revision })
    else if (first?.type === 'delete' && command.operation === Operation.delete) endpoint.result(request.id, { ...first, revision })
    else if (command.operation === Operation.compareAndSet)
      endpoint.result(request.id, { type: 'compareAndSet', revision, succeeded, modRevision })
    else endpoint.result(request.id, { type: 'transaction', revision, succeeded, results })
  }

  notLeader(address: string): ErrorResponse {
    const hint = this.staleHints.has(address) ? (this.staleHints.get(address) ?? null) : this.leader
    return {
      outcome: 'notAppended',
      code: ErrorCode.NotLeader,
      message: 'not the leader',
      leader: hint === null ? null : { id: hint.slice(0, 2), address: hint },
    }
  }

  #listener(address: string): Listener {
    return {
      memberId: address.slice(0, 2),
      onRequest: (request, session) => {
        this.received.push({ address, kind: request.kind, timeout: request.timeout })
        if (!this.intercept(address, request, session)) this.#answer(address, request, session)
      },
    }
  }

  #answer(address: string, request: Request, session: Session): void {
    const { endpoint } = session
    if (request.kind === RequestKind.Status) endpoint.status(request.id, this.status(address))
    else if (request.kind === RequestKind.Write) {
      if (address === this.leader) this.write(request, session)
      else endpoint.error(request.id, this.notLeader(address))
    } else if (request.kind === RequestKind.Get) {
      const { consistency, key } = decodeGet(request.body)
      if (address !== this.leader && consistency !== 'local') endpoint.error(request.id, this.notLeader(address))
      else endpoint.get(request.id, { revision: this.store.revision, entry: this.store.get(key) })
    } else {
      const { range } = decodeRange(request.body)
      endpoint.range(request.id, { revision: this.store.revision, ...this.store.range(range) })
    }
  }

  /** What the member says when it is asked how it is. */
  status(address: string): StatusResult {
    return {
      memberId: address.slice(0, 2),
      clusterId: 'test',
      role: address === this.leader ? 'leader' : 'follower',
      term: this.term,
      leaderId: this.leader?.slice(0, 2) ?? null,
      commitIndex: 1,
      appliedIndex: 1,
      revision: this.store.revision,
      members: ADDRESSES.map((client) => ({ id: client.slice(0, 2), addresses: { client } })),
    }
  }
}

/** What becomes of a promise, so that a test can look before it is settled. */
export function outcome<T>(promise: Promise<T>): { value: T | undefined; error: unknown; settled: boolean } {
  const seen: { value: T | undefined; error: unknown; settled: boolean } = { value: undefined, error: undefined, settled: false }
  promise.then(
    (value) => {
      seen.value = value
      seen.settled = true
    },
    (error: unknown) => {
      seen.error = error
      seen.settled = true
    },
  )
  return seen
}
