import { type FollowerStatus, type NodeStatus, OutcomeUnknownError, type RaftError } from '@raft/core'
import { Counter, Gauge, Registry } from 'prom-client'
import { LatencyHistogram } from './latency-histogram.js'
import { processMetrics } from './process-metrics.js'

const ROLES = ['follower', 'preCandidate', 'candidate', 'leader'] as const

export interface MetricsSources {
  readonly status: () => NodeStatus
  readonly store: () => { readonly revision: number; readonly keys: number }
  readonly connections: () => number
  /** Maximum number of those of clients. */
  readonly maxClients: () => number
  readonly memberConnections: () => number
  readonly forwarding: () => number
  readonly heldBytes: () => number
  /** How often there was no file descriptor, by what for. */
  readonly shortages: () => ReadonlyMap<string, number>
  /** Counters by name, where the transport has them. */
  readonly transport: () => Readonly<Record<string, number>>
}

/** The figures of one member, for Prometheus. Each member has its own registry, so that one process can run several. */
export class Metrics {
  readonly #registry = new Registry()
  /** Proposals, by how they failed. */
  readonly #failed = new Map<string, number>()
  /** Connections that were turned away, by reason. */
  readonly #refused = new Map<string, number>()
  #succeeded = 0
  readonly #proposeSeconds: LatencyHistogram
  readonly #applySeconds: LatencyHistogram
  readonly #writeSeconds: LatencyHistogram
  readonly #leaderChanges: Counter
  readonly #protocolErrors: Counter
  readonly #sources: MetricsSources

  constructor(sources: MetricsSources) {
    this.#sources = sources
    const registers = [this.#registry]
    const histogram = (name: string, help: string) => new LatencyHistogram(name, help, this.#registry)
    this.#proposeSeconds = histogram('raft_propose_seconds', 'From proposal to result.')
    this.#applySeconds = histogram('raft_apply_seconds', 'Applying one batch of entries to the state machine.')
    this.#writeSeconds = histogram('raft_log_write_seconds', 'One write to the log storage, until it was durable.')
    this.#leaderChanges = new Counter({ name: 'raft_leader_changes_total', help: 'Leaders that this member has seen come.', registers })
    this.#protocolErrors = new Counter({
      name: 'raft_client_protocol_errors_total',
      help: 'Client connections closed because of bytes that break the protocol.',
      registers,
    })
    this.#addProposals()
    this.#addGauges()
    this.#addRole()
    this.#addFollowers()
    this.#addRefusedConnections()
    this.#addShortages()
    this.#addTransport()
  }

  proposal(milliseconds: number, error: RaftError | null): void {
    if (error === null) {
      this.#succeeded += 1
      this.#proposeSeconds.observe(milliseconds)
      return
    }
    const outcome = outcomeOf(error)
    this.#failed.set(outcome, (this.#failed.get(outcome) ?? 0) + 1)
  }

  applied(milliseconds: number): void {
    this.#applySeconds.observe(milliseconds)
  }

  logWritten(milliseconds: number): void {
    this.#writeSeconds.observe(milliseconds)
  }

  leaderChanged(): void {
    this.#leaderChanges.inc()
  }

  protocolError(): void {
    this.#protocolErrors.inc()
  }

  connectionRefused(reason: string): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1)
  }

  /** With those of the process. */
  async render(): Promise<{ readonly type: string; readonly text: string }> {
    const [member, process] = await Promise.all([this.#registry.metrics(), processMetrics().metrics()])
    return { type: this.#registry.contentType, text: `${member}${process}` }
  }

  #gauge(name: string, help: string, value: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(value())
      },
    })
  }

  #addGauges(): void {
    const { status, store, connections, maxClients, memberConnections, forwarding, heldBytes } = this.#sources
    this.#gauge('raft_term', 'The current term.', () => status().currentTerm)
    this.#gauge('raft_commit_index', 'Entries up to here are committed.', () => status().commitIndex)
    this.#gauge('raft_applied_index', 'Entries up to here are applied.', () => status().lastApplied)
    this.#gauge('raft_last_log_index', 'Index of the last entry.', () => status().lastLogIndex)
    this.#gauge('raft_durable_index', 'Entries up to here are durable here.', () => status().durableIndex)
    this.#gauge('raft_pending_proposals', 'Proposals whose outcome is awaited.', () => status().pendingProposals)
    this.#gauge('raft_pending_proposal_bytes', 'Their bytes.', () => status().pendingProposalBytes)
    this.#gauge('raft_pending_reads', 'Reads that wait for the leader to be confirmed.', () => status().pendingReads)
    this.#gauge('raft_log_window_bytes', 'Entries kept in memory.', () => status().logWindowBytes)
    this.#gauge('raft_has_leader', '1 while a leader is known.', () => (status().leaderId === null ? 0 : 1))
    this.#gauge('raft_store_revision', 'Revision of the key-value store.', () => store().revision)
    this.#gauge('raft_store_keys', 'Keys in the key-value store.', () => store().keys)
    this.#gauge('raft_client_connections', 'Connections to the client port, those of members among them.', connections)
    this.#gauge(
      'raft_max_client_connections',
      'As many clients may be connected as this: maxConnections, or what open files leave.',
      maxClients,
    )
    this.#gauge(
      'raft_member_connections',
      'Connections to the client port that other members have made to forward requests.',
      memberConnections,
    )
    this.#gauge('raft_held_bytes', 'Bytes of requests and answers held for clients; at most maxHeldBytes.', heldBytes)
    this.#gauge('raft_forwarded_requests', 'HTTP requests that wait for a leader or its answer.', forwarding)
  }

  #addRole(): void {
    const { status } = this.#sources
    new Gauge({
      name: 'raft_role',
      help: '1 for the role that this member has.',
      labelNames: ['role'],
      registers: [this.#registry],
      collect() {
        const { role } = status()
        for (const each of ROLES) this.set({ role: each }, each === role ? 1 : 0)
      },
    })
  }

  /** Of a member that does not lead, there are none. */
  #addFollowers(): void {
    const { status } = this.#sources
    const gauge = (name: string, help: string, value: (follower: FollowerStatus) => number) =>
      new Gauge({
        name,
        help: `On the leader: ${help}`,
        labelNames: ['member'],
        registers: [this.#registry],
        collect() {
          this.reset()
          for (const follower of status().followers) this.set({ member: follower.id }, value(follower))
        },
      })
    gauge('raft_follower_match_index', 'entries up to here are known to be durable on the follower.', ({ matchIndex }) => matchIndex)
    gauge('raft_follower_lag_entries', 'entries that are not known to be durable on the follower.', ({ lag }) => lag)
    gauge(
      'raft_follower_heard_seconds',
      'seconds since the follower has answered last; +Inf where it has not since this member leads.',
      ({ heardAgo }) => (heardAgo === null ? Number.POSITIVE_INFINITY : heardAgo / 1000),
    )
  }

  #addProposals(): void {
    this.#counters('raft_proposals_total', 'Proposals made at this member, by how they ended.', 'outcome', () => [
      ['succeeded', this.#succeeded],
      ...this.#failed,
    ])
  }

  #addRefusedConnections(): void {
    const help = 'Connections to the client port that were turned away, by reason.'
    this.#counters('raft_refused_connections_total', help, 'reason', () => [...this.#refused])
  }

  #addShortages(): void {
    const { shortages } = this.#sources
    const help = 'Attempts to open a file for which the process had no file descriptor, by what for: log, member.'
    this.#counters('raft_descriptor_shortages_total', help, 'what', () => [...shortages()])
  }

  #addTransport(): void {
    const { transport } = this.#sources
    const help = 'What the transport counts: datagrams, bytes, retransmissions, and drops by reason.'
    this.#counters('raft_transport_events_total', help, 'event', () => Object.entries(transport()))
  }

  /** What is counted elsewhere, with one label. */
  #counters(name: string, help: string, label: string, counts: () => readonly (readonly [string, number])[]): void {
    new Counter({
      name,
      help,
      labelNames: [label],
      registers: [this.#registry],
      collect() {
        this.reset()
        for (const [value, count] of counts()) this.inc({ [label]: value }, count)
      },
    })
  }
}

function outcomeOf(error: RaftError): string {
  return error instanceof OutcomeUnknownError ? 'unknown' : error.code.replace(/^RAFT_/, '').toLowerCase()
}
