import { tcpConnector } from '@raft/client'
import { type Codec, json, type StoreResult } from '@raft/commands'
import { completeTuning } from '@raft/core'
import type { TornWrite } from '@raft/log-storage'
import { KeyValueStore } from '@raft/state-machine'
import { nodeClock, nodeRandom } from '@raft/system'
import { Account } from './account.js'
import { checkName } from './config/cluster-id.js'
import { checkAllowedHosts, hostsOf } from './config/hosts.js'
import { checkReachable } from './config/reachable.js'
import { membersOf } from './default-ports.js'
import { Fate } from './directory/fate.js'
import { openDirectory } from './directory/opened-directory.js'
import { diskBytesOf } from './disk-usage.js'
import { maxCommandBytes } from './endpoint/protocol-options.js'
import { StartError } from './errors.js'
import { logEvents } from './event-log.js'
import { Group } from './group/group.js'
import type { Environment } from './member/environment.js'
import { RunningParts } from './member/running-parts.js'
import { Shortages } from './member/shortages.js'
import { tcpEntrance } from './member/tcp-entrance.js'
import { Metrics } from './metrics/metrics.js'
import { type CreateNodeOptions, defaults, errorsTo, type NodeLogger } from './options.js'
import { whyNoLeader } from './outlook.js'
import { RaftNode } from './raft-node.js'
import { rarely } from './rarely.js'
import { MemberSeal } from './routing/member-seal.js'
import { createClientPort } from './serve.js'
import { errorsOnStderr } from './stderr.js'
import { checkTransportOptions, secretsOf, startTransport } from './transport.js'
import { Watch } from './watch.js'

/** Bytes that may wait to be sent to the leader from here. */
const MAX_FORWARDED_BYTES = 64 * 1024 * 1024
/** A member that owes answers and says nothing for so long is asked again over another connection; ms. */
const SILENCE_TIMEOUT = 2000

/**
 * Makes a member out of its parts and starts it: durable log, encrypted transport, key-value store, and where the member has a
 * client address, HTTP and the client protocol on it. Fulfilled once the member takes part; it may not have a leader yet.
 *
 * @throws StartError, ConfigurationError, StorageError (MissingPackageError among them): nothing runs then
 */
export async function createNode<V = unknown>(
  given: CreateNodeOptions<V> & (unknown extends V ? unknown : { readonly codec: Codec<V> }),
): Promise<RaftNode<V>> {
  const options = { ...defaults, clock: nodeClock, random: nodeRandom, logger: errorsTo(errorsOnStderr()), ...given }
  const { id, clock, logger, requestTimeout, stopTimeout } = options
  const members = membersOf(options.members)
  if (options.clusterId !== undefined) checkName('clusterId', options.clusterId)
  for (const member of members) checkName('members', member.id)
  const store = options.stateMachine ?? new KeyValueStore()
  const account = new Account(options.maxHeldBytes)
  const parts = new RunningParts()
  const fate = new Fate()
  try {
    checkOptions(options)
    const shortages = new Shortages(clock, logger)
    const directory = await openDirectory(
      options,
      (error) => fate.fail(error),
      (what) => shortages.count(what),
    )
    if (directory.identity !== null) parts.add(() => directory.storage.close())
    const { clusterId } = directory
    tellOfTornWrite(directory.tornWrite, logger)
    // A passphrase is stretched while the transport stretches it for itself.
    const sealing = sealFor(options.secret, clusterId)
    sealing.catch(() => {})
    const transport = await startTransport(options, clusterId, directory.identity)
    parts.add(transport.stop)
    const seal = await sealing
    const metrics: Metrics = new Metrics({
      status: () => group.node.status(),
      store: () => ({ revision: store.revision, keys: store.size }),
      connections: () => port?.connections ?? 0,
      maxClients: () => port?.maxClients ?? 0,
      memberConnections: () => port?.members ?? 0,
      forwarding: () => group.access.pending,
      heldBytes: () => account.bytes,
      shortages: () => shortages.times,
      transport: transport.counters,
    })
    const tellProblem = rarely<string>(clock, (times, message) => logger.warn({ times }, message))
    const tellRecovery = rarely<string>(clock, (times, message) => logger.info({ times }, message))
    const reason = () => whyNoLeader(transport.peers())
    // With a secret, nothing is forwarded that the secret does not seal.
    const environment: Environment = { clock, connector: seal?.connector ?? tcpConnector }
    const group = new Group(environment, {
      node: {
        ...options,
        members,
        transport: transport.transport,
        storage: directory.storage,
        stateMachine: store,
        onWritten: (milliseconds) => metrics.logWritten(milliseconds),
        onApplied: (milliseconds) => metrics.applied(milliseconds),
        onProposed: (milliseconds, error) => metrics.proposal(milliseconds, error),
        maxCommandBytes: maxCommandBytes(options.maxValueBytes),
        maxPending: options.maxPendingProposals,
      },
      store,
      fate,
      clusterId,
      maxPending: options.maxPendingProposals,
      maxWaitingBytes: MAX_FORWARDED_BYTES,
      silenceTimeout: SILENCE_TIMEOUT,
      account,
      onProblem: (message) => tellProblem(message, message),
      onRecovered: (message) => tellRecovery(message, message),
      whyNoLeader: reason,
    })
    const { node, service, vitals } = group
    const address = options.bind?.client ?? options.members[id]?.client
    const port =
      address === undefined
        ? null
        : createClientPort({
            ...options,
            address,
            diskBytes: () => diskBytesOf(options),
            peers: transport.peers,
            hosts: hostsOf(options),
            clusterId,
            node,
            store,
            service,
            vitals,
            metrics,
            seal,
            account,
          })
    node.on('fatal', () => port?.died())
    await group.begin(parts, port === null || address === undefined ? null : tcpEntrance(port, address, logger))
    // Not before: what stands in the way of a start is told to the caller, and only there.
    logEvents(node, metrics, logger, clock)
    const watch = new Watch({ clock, logger, status: () => node.status(), whyNoLeader: reason })
    const stopWatching = () => watch.stop()
    node.stopped.then(stopWatching, stopWatching)
    directory.explainClusterId(logger).catch((error: unknown) => logger.error({ err: error }, 'the cluster id could not be looked into'))
    const codec = (options.codec ?? json) as Codec<V>
    return new RaftNode({ codec, node, store, service, clusterId, requestTimeout, stop: () => parts.end(stopTimeout) })
  } catch (error) {
    await parts.end(0).catch(() => {})
    throw fate.error ?? error
  }
}

/** A crash in the middle of a write leaves one that nobody was told of; a disk that lies about what is durable leaves the same. */
function tellOfTornWrite(torn: TornWrite | null, logger: NodeLogger): void {
  if (torn === null) return
  const { file, offset } = torn
  logger.warn(
    { file, offset },
    'the last write to the log had been cut short, as by a crash, and was erased: nobody had been told that it was durable',
  )
}

/** What seals the requests that members forward; null without a secret, as with a transport of one's own. */
async function sealFor(secret: CreateNodeOptions['secret'], clusterId: string): Promise<MemberSeal | null> {
  return secret === undefined ? null : MemberSeal.derive(secretsOf(secret), clusterId)
}

/** What can be told to be wrong before a directory is formatted. @throws StartError, ConfigurationError */
function checkOptions(options: CreateNodeOptions): void {
  const { id, members, transport } = options
  completeTuning(options)
  checkReachable(options)
  checkAllowedHosts(options)
  if (!Object.hasOwn(members, id)) throw new StartError(`members: expected ${id} among them, found ${Object.keys(members).join(', ')}`)
  if (transport === undefined) checkTransportOptions(options)
}
