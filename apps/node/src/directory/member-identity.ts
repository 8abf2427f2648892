import type { LogStorage, StoredLog } from '@raft/core'
import { DirectoryRefusedError, type MemberFile } from '@raft/log-storage'
import type { TransportIdentity } from '@raft/udp-transport'

/** A storage that is open already: `open` gives what it held. `closeFile` closes the member's file, while the log still holds the lock. */
export function openedStorage(log: LogStorage, open: () => Promise<StoredLog>, closeFile: () => Promise<void>): LogStorage {
  return {
    open,
    write: (write, done) => log.write(write, done),
    read: (from, to, maxBytes, done) => log.read(from, to, maxBytes, done),
    close: async () => {
      await closeFile()
      await log.close()
    },
  }
}

/** What the transport says of the directory, and asks it to remember. `onFatal` is told, once, why the member cannot go on. */
export function memberIdentity(
  file: Pick<MemberFile, 'storeId' | 'starts' | 'boot' | 'history' | 'voters' | 'known' | 'remember' | 'refused'>,
  dataDir: string,
  onFatal: (error: Error) => void,
): TransportIdentity {
  const { storeId, starts, boot, history, voters } = file
  return {
    storeId,
    starts,
    boot,
    history,
    voters,
    known: (id) => file.known(id),
    remember: (id, start, done) => {
      file.remember(id, start, (error) => {
        if (error !== null) onFatal(error)
        done(error)
      })
    },
    // Durable before the process ends: were it started again and again, its counter would pass the one that others remember.
    refused: (refusal) => file.refused(refusal, () => onFatal(new DirectoryRefusedError(dataDir, refusal))),
  }
}
