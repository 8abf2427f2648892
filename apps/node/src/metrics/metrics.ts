import { type NodeStatus, OutcomeUnknownError, type RaftError } from '@raft/core'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** Seconds: from a fast disk's sync to a stalled cluster's timeout. */
const LATENCY_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

const ROLES = ['follower', 'preCandidate', 'candidate', 'leader'] as const

export interface MetricsSources {
  readonly status: () => NodeStatus
  readonly store: () => { readonly revision: number; readonly keys: number }
  readonly connections: () => number
  readonly forwarding: () => number
  /** Counters by name, where the transport has them. */
  readonly transport: () => Readonly<Record<string, number>>
}

/** The figures of one member, for Prometheus. Each has its own registry, so that one process can run several. */
export class Metrics {
  readonly #registry = new Registry()
  readonly #proposals: Counter<'outcome'>
  readonly #proposeSeconds: Histogram
  readonly #applySeconds: Histogram
  readonly #writeSeconds: Histogram
  readonly #leaderChanges: Counter
  readonly #protocolErrors: Counter
  readonly #sources: MetricsSources

  constructor(sources: MetricsSources) {
    this.#sources = sources
    const registers = [this.#registry]
    collectDefaultMetrics({ register: this.#registry })
    const histogram = (name: string, help: string) => new Histogram({ name, help, registers, buckets: LATENCY_BUCKETS })
    this.#proposals = new Counter({
      name: 'raft_proposals_total',
      help: 'Proposals made at this member, by how they ended.',
      labelNames: ['outcome'],
      registers,
    })
    this.#proposeSeconds = histogram('raft_propose_seconds', 'From proposal to result.')
    this.#applySeconds = histogram('raft_apply_seconds', 'Applying one batch of entries to the state machine.')
    this.#writeSeconds = histogram('raft_log_write_seconds', 'One write to the log storage, until it was durable.')
    this.#leaderChanges = new Counter({ name: 'raft_leader_changes_total', help: 'Leaders that this member has seen come.', registers })
    this.#protocolErrors = new Counter({
      name: 'raft_client_protocol_errors_total',
      help: 'Client connections closed because of bytes that break the protocol.',
      registers,
    })
    this.#addGauges()
    this.#addRole()
    this.#addTransport()
  }

  proposal(milliseconds: number, error: RaftError | null): void {
    this.#proposals.inc(outcomeOf(error))
    if (error === null) this.#proposeSeconds.observe(milliseconds / 1000)
  }

  applied(milliseconds: number): void {
    this.#applySeconds.observe(milliseconds / 1000)
  }

  logWritten(milliseconds: number): void {
    this.#writeSeconds.observe(milliseconds / 1000)
  }

  leaderChanged(): void {
    this.#leaderChanges.inc()
  }

  protocolError(): void {
    this.#protocolErrors.inc()
  }

  async render(): Promise<{ readonly type: string; readonly text: string }> {
    return { type: this.#registry.contentType, text: await this.#registry.metrics() }
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
    const { status, store, connections, forwarding } = this.#sources
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
    this.#gauge('raft_client_connections', 'Connections to the client port.', connections)
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
    new Gauge({
      name: 'raft_follower_match_index',
      help: 'On the leader: entries up to here are known to be durable on the follower.',
      labelNames: ['member'],
      registers: [this.#registry],
      collect() {
        this.reset()
        for (const { id, matchIndex } of status().followers) this.set({ member: id }, matchIndex)
      },
    })
  }

  #addTransport(): void {
    const { transport } = this.#sources
    new Counter({
      name: 'raft_transport_events_total',
      help: 'What the transport counts: datagrams, bytes, retransmissions, and drops by reason.',
      labelNames: ['event'],
      registers: [this.#registry],
      collect() {
        this.reset()
        for (const [event, count] of Object.entries(transport())) this.inc({ event }, count)
      },
    })
  }
}

const SUCCEEDED = { outcome: 'succeeded' } as const

function outcomeOf(error: RaftError | null): { readonly outcome: string } {
  if (error === null) return SUCCEEDED
  return { outcome: error instanceof OutcomeUnknownError ? 'unknown' : error.code.replace(/^RAFT_/, '').toLowerCase() }
}
