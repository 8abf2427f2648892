import { type EntryBatch, type LogStorage, type LogWrite, StorageError, type StoredLog } from '@raft/core'
import type { LogBase, SimulationContext, StorageLayer } from '../cluster/stack.js'
import type { Incarnation } from '../world/host.js'
import { RecordDisk } from './record-disk.js'

/** Storages of whole records. */
export function recordLayer({ world }: SimulationContext, base: LogBase): StorageLayer {
  const disks = new Map<string, RecordDisk>()
  return {
    disk: ({ id }) => {
      const disk = new RecordDisk(id, world, base)
      disks.set(id, disk)
      return disk
    },
    storage: ({ id, incarnation }) => new RecordStorage(disks.get(id) as RecordDisk, incarnation),
  }
}

/** One process's view of its `RecordDisk`. */
class RecordStorage implements LogStorage {
  readonly #disk: RecordDisk
  readonly #incarnation: Incarnation

  constructor(disk: RecordDisk, incarnation: Incarnation) {
    this.#disk = disk
    this.#incarnation = incarnation
  }

  open(): Promise<StoredLog> {
    const disk = this.#disk
    return new Promise((resolve, reject) => {
      const opened = this.#incarnation.bind(() => {
        if (disk.fails('open error', disk.conditions.openErrors)) reject(new StorageError('injected: the log cannot be opened'))
        else resolve(disk.stored())
      })
      disk.afterWork(opened)
    })
  }

  write(write: LogWrite, done: (error: Error | null) => void): void {
    const disk = this.#disk
    const { writeErrors, syncErrors } = disk.conditions
    disk.begin(write)
    const isFull = write.entries.length > 0 && disk.lacksRoom()
    const fails = isFull || disk.fails('write error', writeErrors) || disk.fails('sync error', syncErrors)
    const finished = this.#incarnation.bind(() => done(fails ? new StorageError('injected: the write failed') : null))
    disk.afterWork(() => {
      if (!this.#incarnation.isAlive) return
      if (fails) disk.crash()
      else disk.complete()
      finished()
    })
  }

  read(from: number, to: number, maxBytes: number, done: (error: Error | null, entries: EntryBatch | null) => void): void {
    const disk = this.#disk
    const early = disk.read(from, to, maxBytes)
    const fails = disk.fails('read error', disk.conditions.readErrors)
    disk.afterWork(
      this.#incarnation.bind(() => {
        if (fails) return done(new StorageError('injected: the read failed'), null)
        // While a write replaces entries, a read may give the old or the new ones.
        const late = disk.random.chance(0.5) ? disk.read(from, to, maxBytes) : null
        done(null, late ?? early)
      }),
    )
  }

  async close(): Promise<void> {
    if (this.#incarnation.isAlive) this.#disk.complete()
  }
}
