import { type EntryBatch, type LogStorage, type LogWrite, StorageError, type StoredLog } from '../../src/index.js'
import type { Disk } from './disk.js'
import type { Oracles } from './oracles.js'
import type { World } from './world.js'

/** The process that uses the disk: what is done for it after its death never reaches it. */
export interface Process {
  readonly id: string
  /** Wraps a callback so that it waits while the process is paused and vanishes once it is dead. */
  bind(callback: () => void): () => void
  isAlive(): boolean
  isLeading(): boolean
  diskHasFailed(): void
}

/** One incarnation's view of its disk. */
export class SimulatedStorage implements LogStorage {
  readonly #world: World
  readonly #disk: Disk
  readonly #process: Process
  readonly #oracles: Oracles

  constructor(world: World, disk: Disk, process: Process, oracles: Oracles) {
    this.#world = world
    this.#disk = disk
    this.#process = process
    this.#oracles = oracles
  }

  open(): Promise<StoredLog> {
    return new Promise((resolve) => {
      const opened = this.#process.bind(() => {
        resolve(this.#disk.stored())
        this.#world.promisesSettled = true
      })
      this.#disk.afterWork(opened)
    })
  }

  write(write: LogWrite, done: (error: Error | null) => void): void {
    const disk = this.#disk
    const { id } = this.#process
    this.#world.trace.note(
      this.#world.now,
      `${id} writes`,
      write.hardState?.currentTerm ?? '-',
      write.hardState?.votedFor ?? '-',
      range(write),
    )
    this.#oracles.writing(id, disk, write, this.#process.isLeading())
    disk.issue(write)
    const fails = disk.failNextWrite
    disk.failNextWrite = false
    const finished = this.#process.bind(() => done(fails ? new StorageError('injected') : null))
    disk.afterWork(() => {
      if (!this.#process.isAlive()) return
      if (fails) {
        this.#process.diskHasFailed()
        disk.crash()
      } else disk.complete()
      this.#world.trace.note(this.#world.now, `${id} ${fails ? 'fails to write' : 'has written'}`, disk.lastIndex)
      finished()
    })
  }

  read(from: number, to: number, maxBytes: number, done: (error: Error | null, entries: EntryBatch | null) => void): void {
    const disk = this.#disk
    if (from <= disk.baseIndex || to > disk.lastIndex || from > to) {
      this.#world.violated('port contract', `${this.#process.id} reads ${from} to ${to} of ${disk.baseIndex} to ${disk.lastIndex}`)
    }
    const early = disk.read(from, to, maxBytes)
    disk.afterWork(
      this.#process.bind(() => {
        // While a write replaces entries, a read may give the old or the new ones.
        const late = this.#world.prng.chance(0.5) ? disk.read(from, to, maxBytes) : null
        done(null, late ?? early)
      }),
    )
  }

  async close(): Promise<void> {
    if (this.#process.isAlive()) this.#disk.complete()
  }
}

function range(write: LogWrite): string {
  const first = write.entries[0]
  return first === undefined ? '-' : `${first.firstIndex}..${write.entries.at(-1)?.lastIndex}`
}
