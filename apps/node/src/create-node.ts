import { tcpConnector } from '@raft/client'
import { type Clock, completeTuning, Node } from '@raft/core'
import type { TornWrite } from '@raft/log-storage'
import { KeyValueStore, type StoreResult } from '@raft/state-machine'
import { clearTimeout, nodeClock, nodeRandom, setTimeout } from '@raft/system'
import { Account } from './account.js'
import { checkName } from './config/cluster-id.js'
import { checkAllowedHosts, hostsOf } from './config/hosts.js'
import { checkReachable } from './config/reachable.js'
import { membersOf } from './default-ports.js'
import { Fate } from './directory/fate.js'
import { openDirectory } from './directory/opened-directory.js'
import { diskBytesOf } from './disk-usage.js'
import type { ClientPort } from './endpoint/client-port.js'
import { maxCommandBytes } from './endpoint/protocol-options.js'
import { StartError } from './errors.js'
import { logEvents } from './event-log.js'
import { Metrics } from './metrics/metrics.js'
import { timedStateMachine, timedStorage } from './metrics/timed-ports.js'
import { type CreateNodeOptions, defaults, errorsTo, type NodeLogger } from './options.js'
import { whyNoLeader } from './outlook.js'
import { RaftNode } from './raft-node.js'
import { rarely } from './rarely.js'
import { LeaderAccess } from './routing/leader-access.js'
import { MemberSeal } from './routing/member-seal.js'
import { createClientPort, listen } from './serve.js'
import { errorsOnStderr } from './stderr.js'
import { KeyValueService, type Proposer } from './store/key-value-service.js'
import { checkTransportOptions, secretsOf, startTransport } from './transport.js'
import { Vitals } from './vitals.js'
import { Watch } from './watch.js'

/** Bytes that may wait to be sent to the leader from here. */
const MAX_FORWARDED_BYTES = 64 * 1024 * 1024
/** A member that owes answers and says nothing for so long is asked again over another connection; ms. */
const SILENCE_TIMEOUT = 2000
/** Said at most once a minute. */
const NO_DESCRIPTOR =
  'a file of the log cannot be opened, for the process has as many files open as it may have: what needs it waits, writes among it, and ' +
  'is tried again. Raise the limit of open files (ulimit -n, or LimitNOFILE of systemd), and look for what holds so many'
/** How long answers that were decided while stopping may take to leave, in ms. */
const LAST_ANSWERS_TIMEOUT = 250

/**
 * Makes a member out of its parts and starts it: durable log, encrypted transport, key-value store, and where the member has a
 * client address, HTTP and the client protocol on it. Fulfilled once the member takes part; it may not have a leader yet.
 *
 * @throws StartError, ConfigurationError, StorageError (MissingPackageError among them): nothing runs then
 */
export async function createNode(given: CreateNodeOptions): Promise<RaftNode> {
  const options = { ...defaults, clock: nodeClock, random: nodeRandom, logger: errorsTo(errorsOnStderr()), ...given }
  const { id, clock, logger, requestTimeout } = options
  const members = membersOf(options.members)
  if (options.clusterId !== undefined) checkName('clusterId', options.clusterId)
  for (const member of members) checkName('members', member.id)
  const store = options.stateMachine ?? new KeyValueStore()
  const account = new Account(options.maxHeldBytes)
  const cleanUp: (() => Promise<void> | void)[] = []
  const fate = new Fate()
  try {
    checkOptions(options)
    const shortages = new Map<string, number>()
    const tellOfShortage = rarely(clock, (times) => logger.warn({ times }, NO_DESCRIPTOR))
    const directory = await openDirectory(
      options,
      (error) => fate.fail(error),
      (what) => {
        shortages.set(what, (shortages.get(what) ?? 0) + 1)
        tellOfShortage()
      },
    )
    if (directory.identity !== null) cleanUp.push(() => directory.storage.close())
    const { clusterId } = directory
    tellOfTornWrite(directory.tornWrite, logger)
    // A passphrase is stretched while the transport stretches it for itself.
    const sealing = sealFor(options.secret, clusterId)
    sealing.catch(() => {})
    const transport = await startTransport(options, clusterId, directory.identity)
    cleanUp.push(transport.stop)
    const seal = await sealing
    const metrics: Metrics = new Metrics({
      status: () => node.status(),
      store: () => ({ revision: store.revision, keys: store.size }),
      connections: () => port?.connections ?? 0,
      maxClients: () => port?.maxClients ?? 0,
      memberConnections: () => port?.members ?? 0,
      forwarding: () => access.pending,
      heldBytes: () => account.bytes,
      shortages: () => shortages,
      transport: transport.counters,
    })
    const node = new Node<StoreResult>({
      ...options,
      members,
      transport: transport.transport,
      storage: timedStorage(directory.storage, (ms) => metrics.logWritten(ms)),
      stateMachine: timedStateMachine(store, (ms) => metrics.applied(ms)),
      maxCommandBytes: maxCommandBytes(options.maxValueBytes),
      maxPending: options.maxPendingProposals,
    })
    const tellProblem = rarely<string>(clock, (times, message) => logger.warn({ times }, message))
    const tellRecovery = rarely<string>(clock, (times, message) => logger.info({ times }, message))
    const reason = () => whyNoLeader(transport.peers())
    const access = new LeaderAccess({
      node,
      clusterId,
      clock,
      // With a secret, nothing is forwarded that the secret does not seal.
      connector: seal?.connector ?? tcpConnector,
      maxPending: options.maxPendingProposals,
      maxWaitingBytes: MAX_FORWARDED_BYTES,
      silenceTimeout: SILENCE_TIMEOUT,
      account,
      onProblem: (message) => tellProblem(message, message),
      onRecovered: (message) => tellRecovery(message, message),
      whyNoLeader: reason,
    })
    const vitals = new Vitals(node, { whyNoLeader: reason, leaderTrouble: () => access.leaderTrouble() })
    cleanUp.push(() => access.stop())
    const service = new KeyValueService(observed(node, metrics, clock), store, access)
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
    // What waits for a leader would wait in vain.
    node.on('fatal', ({ error }) => {
      access.stop(error)
      port?.died()
    })
    fate.onFailed = (error) => node.fail(error)
    await node.start()
    cleanUp.push(() => node.stop())
    vitals.started()
    if (port !== null && address !== undefined) {
      cleanUp.push(() => closeAtOnce(port))
      await listen(port, address, logger)
    }
    if (vitals.fatal !== null) throw vitals.fatal
    // Not before: what stands in the way of a start is told to the caller, and only there.
    logEvents(node, metrics, logger, clock)
    const watch = new Watch({ clock, logger, status: () => node.status(), whyNoLeader: reason })
    const stopWatching = () => watch.stop()
    node.stopped.then(stopWatching, stopWatching)
    directory.explainClusterId(logger).catch((error: unknown) => logger.error({ err: error }, 'the cluster id could not be looked into'))
    const stop = () => stopAll({ node, access, port, stopTransport: transport.stop, stopTimeout: options.stopTimeout })
    return new RaftNode({ node, store, service, clusterId, requestTimeout, stop })
  } catch (error) {
    for (const step of cleanUp.reverse()) await step()
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

/** The node's proposals, counted and timed. */
function observed(node: Node<StoreResult>, metrics: Metrics, clock: Clock): Proposer {
  return {
    submit: (command, done) => {
      const startedAt = clock.now()
      node.submit(command, (error, result) => {
        metrics.proposal(clock.now() - startedAt, error)
        done(error, result)
      })
    },
    submitRead: (done) => node.submitRead(done),
  }
}

interface Running {
  readonly node: Node<StoreResult>
  readonly access: LeaderAccess
  readonly port: ClientPort | null
  readonly stopTransport: () => Promise<void>
  readonly stopTimeout: number
}

/**
 * In this order: nothing new is taken, what is under way ends, what it needed is let go, and meanwhile what still comes is refused. A
 * leader that takes nothing is none that its cluster should wait for: it stops before its clients have gone.
 */
async function stopAll({ node, access, port, stopTransport, stopTimeout }: Running): Promise<void> {
  const closed = port?.close() ?? Promise.resolve()
  const closedInTime = within(closed, stopTimeout)
  if (port !== null) await within(port.answered(), stopTimeout)
  access.stop()
  try {
    await node.stop()
  } finally {
    // Also when its storage could not be closed.
    await closedInTime
    await within(closed, LAST_ANSWERS_TIMEOUT)
    port?.destroy()
    await closed
    await stopTransport()
  }
}

/** Closes the port without waiting for the clients that are connected already. */
function closeAtOnce(port: ClientPort): Promise<void> {
  const closed = port.close()
  port.destroy()
  return closed
}

/** Fulfilled with the promise, or after so many ms. */
async function within(promise: Promise<void>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds)
  })
  await Promise.race([promise, late])
  clearTimeout(timer)
}
