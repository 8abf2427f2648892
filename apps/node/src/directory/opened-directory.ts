import type { LogStorage, MemberId } from '@raft/core'
import { MemberFile, type TornWrite } from '@raft/log-storage'
import type { Secret, TransportIdentity } from '@raft/udp-transport'
import { clusterIdOfMembers, deriveClusterId } from '../config/cluster-id.js'
import { storageIn } from '../default-ports.js'
import { StartError } from '../errors.js'
import type { CreateNodeOptions, NodeLogger } from '../options.js'
import { secretsOf } from '../transport.js'
import { memberIdentity, openedStorage } from './member-identity.js'

/** A log that is there to be read, and who it belongs to. */
export interface OpenedDirectory {
  readonly clusterId: string
  /** Its `open` gives what was found when it was opened. */
  readonly storage: LogStorage
  /** Null for a storage of one's own, of whose directory nothing is known. */
  readonly identity: TransportIdentity | null
  /** What opening has erased, because a crash had cut it short; null where there was none, or where the storage does not tell. */
  readonly tornWrite: TornWrite | null
  /** Writes to the log whether the cluster id is one that the configuration would give to a new directory. */
  readonly explainClusterId: (logger: NodeLogger) => Promise<void>
}

/**
 * Opens the log before anything is said to anybody: the directory decides which cluster the member belongs to, and its start has
 * to be counted before another member hears of it. `onFatal` is told, once, why the member cannot go on; `onNoDescriptor`, each time,
 * for what there was no file descriptor, which is tried again.
 *
 * @throws StartError, StorageError (VotersMismatchError, DirectoryRefusedError among them)
 */
export async function openDirectory(
  options: CreateNodeOptions,
  onFatal: (error: Error) => void,
  onNoDescriptor: (what: 'log' | 'member', error: Error) => void,
): Promise<OpenedDirectory> {
  const { storage, dataDir } = options
  const ids = Object.keys(options.members)
  if (typeof storage === 'object')
    return {
      clusterId: options.clusterId ?? clusterIdOfMembers(ids),
      storage,
      identity: null,
      tornWrite: null,
      explainClusterId: async () => {},
    }
  if (dataDir === undefined) throw new StartError('dataDir: a directory for the durable log is needed (or a storage of your own)')
  const secrets = secretsOf(options.secret)
  let isNew = false
  const log = await storageIn(
    dataDir,
    options,
    options.clusterId ??
      (() => {
        isNew = true
        const [first] = secrets
        return first === undefined ? clusterIdOfMembers(ids) : deriveClusterId(ids, first)
      }),
    (error) => onNoDescriptor('log', error),
  )
  let file: MemberFile | null = null
  try {
    const stored = await log.open()
    const { clusterId, storeId } = log.identity
    const opened = await MemberFile.open({
      directory: dataDir,
      storeId,
      voters: ids,
      onNoDescriptor: (error) => onNoDescriptor('member', error),
    })
    file = opened
    const isDerived = options.clusterId === undefined && !isNew
    return {
      clusterId,
      storage: openedStorage(
        log,
        () => Promise.resolve(stored),
        () => opened.close(),
      ),
      identity: memberIdentity(opened, dataDir, onFatal),
      tornWrite: log.tornWrite ?? null,
      explainClusterId: async (logger) => {
        if (isDerived) await explain(clusterId, ids, secrets, logger)
      },
    }
  } catch (error) {
    await file?.close()
    await log.close()
    throw error
  }
}

async function explain(clusterId: string, ids: readonly MemberId[], secrets: readonly Secret[], logger: NodeLogger): Promise<void> {
  if (secrets.length === 0) return
  if (clusterId === clusterIdOfMembers(ids)) {
    logger.info(
      { clusterId },
      'the cluster id of the directory follows from the member ids alone, as versions before made it: a directory of another cluster ' +
        'whose members have the same ids and the same secret would not be told apart from it',
    )
    return
  }
  for (const secret of secrets) if ((await deriveClusterId(ids, secret)) === clusterId) return
  logger.warn(
    { clusterId },
    'the cluster id of the directory does not follow from any of the secrets that are given: that is right after the secret was changed, ' +
      'and wrong if the directory was brought here from another cluster',
  )
}
