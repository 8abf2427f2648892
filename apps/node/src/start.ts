import { formatHostPort, nodeClock } from '@raft/system'
import type { Logger } from 'pino'
import { loadConfig, type MemberConfig, type Settings } from './config/load.js'
import { createNode } from './create-node.js'
import { diskBytesOf } from './disk-usage.js'
import { keepFreedMemory } from './freed-memory.js'
import { letHeapGrow } from './heap-growth.js'
import type { LineSink } from './line-sink.js'
import { createLogger } from './log.js'
import type { CreateNodeOptions, MemberAddresses } from './options.js'
import type { RaftNode } from './raft-node.js'
import { rarely } from './rarely.js'
import { stderrSink } from './stderr.js'
import { VERSION } from './version.js'

/**
 * `raft-node start`: runs one member until it is told to stop, or cannot go on. Ends the process.
 *
 * @param problems what is wrong with the command line
 */
export async function start(settings: Settings, problems: readonly string[] = [], stderr: LineSink = stderrSink()): Promise<void> {
  // Before anything else: as process 1 of a container, a signal that nobody listens to would be lost.
  const signals = listenToSignals()
  letHeapGrow()
  keepFreedMemory()
  const started = await startOrExplain(settings, problems, stderr)
  if (started === null) {
    process.exitCode = 1
    signals.forget()
    return
  }
  const { node, config, logger } = started
  const { bind, dataDir, storage } = config
  const diskBytes = await diskBytesOf(config)
  const addresses = { peer: formatHostPort(bind.peer), client: formatHostPort(bind.client) }
  logger.info({ version: VERSION, clusterId: node.clusterId, storage, dataDir, diskBytes, ...addresses }, 'started')
  signals.stop(node, logger)
  // The log says already what it died of.
  await node.stopped.catch(() => process.exit(1))
}

interface Started {
  readonly node: RaftNode
  readonly config: MemberConfig
  readonly logger: Logger
}

/** One line on stderr says what stands in the way. */
async function startOrExplain(settings: Settings, problems: readonly string[], stderr: LineSink): Promise<Started | null> {
  try {
    const config = loadConfig(settings, undefined, problems)
    const logger = createLogger(config.id, config.logLevel, stderr)
    logOwnWords(logger)
    for (const warning of config.warnings) logger.warn({}, warning)
    return { node: await createNode(toOptions(config, logger)), config, logger }
  } catch (error) {
    stderr.write(`raft-node: ${oneLine(error)}\n`)
    return null
  }
}

/** Node itself would write these to stderr, and wait until somebody reads them. */
function logOwnWords(logger: Logger): void {
  const tellWarning = rarely<Error>(nodeClock, (times, warning) => logger.warn({ err: warning, times }, 'a warning of Node.js'))
  process.removeAllListeners('warning')
  process.on('warning', (warning) => tellWarning(warning, warning.name))
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'the member cannot go on: this is a fault of its own')
    process.exit(1)
  })
}

function oneLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.replace(/\s*\n\s*/g, ' ')
}

/** Why a member stops. */
type Cause = NodeJS.Signals | 'the parent has ended'

interface Signals {
  /** From now on a signal, or the end of the parent, stops this member in good order. A second signal ends the member at once. */
  stop(node: RaftNode, logger: Logger): void
  forget(): void
}

/** While the member starts it has answered nobody, and its storage bears the end of a process at any time: it ends at once. */
function listenToSignals(): Signals {
  let onSignal = (_signal: NodeJS.Signals): void => process.exit(0)
  let onParentEnded = (): void => process.exit(0)
  const listener = (signal: NodeJS.Signals) => onSignal(signal)
  // The channel that child_process.fork makes closes when the parent ends, however it ends. Other parents make none.
  const onDisconnect = () => onParentEnded()
  process.on('SIGTERM', listener)
  process.on('SIGINT', listener)
  process.on('disconnect', onDisconnect)
  if (process.connected === false) onDisconnect()
  return {
    stop: (node, logger) => {
      let isStopping = false
      const stop = (signal: Cause) => {
        if (isStopping) return
        isStopping = true
        logger.info({ signal }, 'stopping')
        stopNode(node, logger)
      }
      // A signal to a group of processes ends the parent too, and the parent's end may be noticed before the signal: that is no second one.
      onParentEnded = () => stop('the parent has ended')
      onSignal = (signal) => {
        onSignal = (again) => {
          logger.warn({ signal: again }, 'told twice: stopping at once')
          process.exit(1)
        }
        stop(signal)
      }
    },
    forget: () => {
      process.off('SIGTERM', listener)
      process.off('SIGINT', listener)
      process.off('disconnect', onDisconnect)
    },
  }
}

function stopNode(node: RaftNode, logger: Logger): void {
  node.stop().then(
    () => {
      logger.info({}, 'stopped')
      process.exit(0)
    },
    (error: unknown) => {
      logger.fatal({ err: error }, 'could not stop in good order')
      process.exit(1)
    },
  )
}

function toOptions(config: MemberConfig, logger: Logger): CreateNodeOptions {
  const { id, clusterId, secrets, members, bind, allowedHosts, dataDir, storage, timing, limits } = config
  const addresses: Record<string, MemberAddresses> = {}
  for (const member of members) addresses[member.id] = { peer: '', ...member.addresses }
  return {
    ...timing,
    ...limits,
    id,
    ...(clusterId === null ? {} : { clusterId }),
    secret: secrets,
    members: addresses,
    bind: { peer: formatHostPort(bind.peer), client: formatHostPort(bind.client) },
    allowedHosts,
    dataDir,
    storage,
    logger,
  }
}
