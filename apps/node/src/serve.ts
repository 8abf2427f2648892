import type { StoreResult } from '@raft/commands'
import type { Clock, LogStorage, Node } from '@raft/core'
import type { HostPort } from '@raft/system'
import type { PeerStatus } from '@raft/udp-transport'
import type { Account } from './account.js'
import { ClientPort, type ClientPortOptions } from './client-port/client-port.js'
import { parseAddress } from './config/address.js'
import { logListening } from './config/listening.js'
import type { StorageName } from './config/schema.js'
import { type Descriptors, descriptorsOf, socketsWithin } from './descriptors.js'
import { protocolOptions } from './endpoint/protocol-options.js'
import { StartError } from './errors.js'
import { Gate } from './http/gate.js'
import { KvRoutes } from './http/kv-routes.js'
import { createRoutes } from './http/routes.js'
import type { Metrics } from './metrics/metrics.js'
import { processMetrics } from './metrics/process-metrics.js'
import type { LocalStore, NodeLogger } from './options.js'
import { rarely } from './rarely.js'
import type { MemberSeal } from './routing/member-seal.js'
import type { KeyValueService } from './store/key-value-service.js'
import { SharedDigest } from './store/shared-digest.js'
import { VERSION } from './version.js'
import type { Vitals } from './vitals.js'

export interface ServeOptions {
  readonly address: string
  /** Names under which clients may ask over HTTP. */
  readonly hosts: readonly string[]
  readonly clusterId: string
  /** What the log is kept in. */
  readonly storage?: StorageName | LogStorage
  /** What the directory of the log takes on the disk; null where nothing is known of it. */
  readonly diskBytes: () => Promise<number | null>
  /** When each other member was heard last, and why not since. */
  readonly peers: () => readonly PeerStatus[]
  readonly node: Node<StoreResult>
  readonly store: LocalStore
  readonly service: KeyValueService
  readonly vitals: Vitals
  readonly metrics: Metrics
  readonly clock: Clock
  readonly logger: NodeLogger
  readonly requestTimeout: number
  readonly idleTimeout: number
  readonly maxValueBytes: number
  readonly maxConnections: number
  /** What the member holds for its clients. */
  readonly account: Account
  /** By what other members prove themselves; null where there is no secret. */
  readonly seal: MemberSeal | null
}

/** The member's client address: HTTP and the client protocol. Not yet listening. */
export function createClientPort(options: ServeOptions): ClientPort {
  const { vitals, metrics, logger, clock, maxConnections } = options
  // From now on, and not from the first time that they are asked for.
  processMetrics()
  const digest = new SharedDigest(options.store, options.clock)
  const tellFault = rarely<object>(clock, (times, details) =>
    logger.error({ ...details, times }, 'a request failed because of a fault of this member'),
  )
  const tellProtocolError = rarely<string>(clock, (times, reason) => logger.warn({ reason, times }, 'a client broke the protocol'))
  const onRequest = createRoutes({
    gate: new Gate(options.hosts),
    kv: new KvRoutes(options),
    status: () => httpStatus(options),
    digest: (signal) => digest.ask(signal),
    health: () => vitals.health(),
    readiness: () => vitals.readiness(),
    metrics: () => metrics.render(),
    onFault: (error, request) => tellFault({ err: error, method: request.method }, error.message),
  })
  const descriptors = descriptorsOf()
  const port: ClientPort = new ClientPort({
    address: toHostPort(options.address),
    onRequest,
    maxConnections,
    maxSockets: socketsWithin(descriptors, options.node.members.length - 1),
    idleTimeout: options.idleTimeout,
    seal: options.seal,
    onRefused: refusals(options, () => port.maxClients),
    protocol: protocolOptions(options, {
      onProtocolError: (error) => {
        metrics.protocolError()
        tellProtocolError(error.message)
      },
    }),
  })
  if (port.maxClients < maxConnections) tellOfDescriptors(port.maxClients, descriptors, options)
  return port
}

function tellOfDescriptors(maxClients: number, { limit, open }: Descriptors, { logger, maxConnections }: ServeOptions): void {
  logger.warn(
    { maxClients, maxConnections, maxOpenFiles: limit, openFiles: open },
    'fewer clients are served at one time than maxConnections, for the process may not have enough files open: raise that limit ' +
      '(ulimit -n, or LimitNOFILE of systemd), or lower limits.maxConnections',
  )
}

/** Counts the connections that are turned away, and says so, rarely. */
function refusals({ metrics, logger, clock }: ServeOptions, maxClients: () => number): ClientPortOptions['onRefused'] {
  const tell = {
    full: rarely(clock, (times) =>
      logger.warn({ times, maxClients: maxClients() }, 'clients are turned away: as many are connected as may be'),
    ),
    displaced: rarely(clock, (times) =>
      logger.warn({ times, maxClients: maxClients() }, 'connections are ended that have asked for nothing: others need their places'),
    ),
    handshake: rarely(clock, (times) =>
      logger.warn({ times }, 'a connection like that of a member could not prove itself: have all members the same secret and cluster id?'),
    ),
    late: () => {},
  }
  return (reason) => {
    metrics.connectionRefused(reason)
    tell[reason]()
  }
}

/** @throws StartError */
export async function listen(port: ClientPort, address: string, logger?: NodeLogger): Promise<void> {
  try {
    logListening(logger, 'clients', address, await port.listen())
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    const advice = message.includes('EADDRINUSE') ? ': another process uses it; stop that one or choose another address' : ''
    throw new StartError(`cannot listen for clients on ${address} (${message})${advice}`, { cause })
  }
}

function toHostPort(text: string): HostPort {
  const address = parseAddress(text)
  if (address === null) throw new StartError(`the client address ${JSON.stringify(text)} is not like "127.0.0.1:8001"`)
  return address
}

/** All of it as it is when this is called, for a digest belongs to it; only the size of the directory is looked up then. */
async function httpStatus({ node, store, clusterId, storage = 'file', diskBytes, peers }: ServeOptions): Promise<object> {
  const status = node.status()
  const now = {
    id: node.id,
    clusterId,
    version: VERSION,
    storage: typeof storage === 'string' ? storage : 'custom',
    role: status.role,
    term: status.currentTerm,
    leaderId: status.leaderId,
    commitIndex: status.commitIndex,
    appliedIndex: status.lastApplied,
    lastLogIndex: status.lastLogIndex,
    durableIndex: status.durableIndex,
    revision: store.revision,
    keys: store.size,
    pendingProposals: status.pendingProposals,
    members: status.members,
    followers: status.followers.map((follower) => ({ ...follower, heardAgo: rounded(follower.heardAgo) })),
    peers: peers().map((peer) => ({ ...peer, heardAgo: rounded(peer.heardAgo), unansweredFor: rounded(peer.unansweredFor) })),
  }
  return { ...now, diskBytes: await diskBytes() }
}

function rounded(milliseconds: number | null): number | null {
  return milliseconds === null ? null : Math.round(milliseconds)
}
