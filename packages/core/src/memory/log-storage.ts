import type { EntryBatch } from '../entry-batch.js'
import { StorageError } from '../errors.js'
import type { Clock } from '../ports/clock.js'
import type { LogStorage, LogWrite, StoredLog } from '../ports/log-storage.js'
import type { HardState, TermRun } from '../types.js'

/**
 * A log that lives as long as its object: for tests, and for members that may forget. Opened again after `close`, it holds
 * what it held, as a disk would.
 */
export class MemoryLogStorage implements LogStorage {
  readonly #clock: Pick<Clock, 'defer'>
  #hardState: HardState = { currentTerm: 0, votedFor: null }
  readonly #batches: EntryBatch[] = []
  #lastIndex = 0
  #open = false
  #inFlight = 0
  readonly #idle: (() => void)[] = []

  constructor(clock: Pick<Clock, 'defer'>) {
    this.#clock = clock
  }

  async open(): Promise<StoredLog> {
    if (this.#open) throw new StorageError('the storage is already open: close the node that uses it first')
    this.#open = true
    const runs: TermRun[] = []
    for (const batch of this.#batches) for (const run of batch.runs) if (runs.at(-1)?.term !== run.term) runs.push(run)
    return { hardState: this.#hardState, baseIndex: 0, baseTerm: 0, lastIndex: this.#lastIndex, runs }
  }

  write(write: LogWrite, done: (error: Error | null) => void): void {
    const refused = !this.#open
    this.#later(() => {
      if (refused) return done(new StorageError('the storage is closed'))
      if (write.hardState !== null) this.#hardState = write.hardState
      for (const batch of write.entries) this.#append(batch)
      done(null)
    })
  }

  read(from: number, to: number, maxBytes: number, done: (error: Error | null, entries: EntryBatch | null) => void): void {
    // Looked up at once: a write in flight may leave a log without these entries.
    const batch = this.#open ? this.#batches[this.#placeOf(from)] : undefined
    this.#later(() => {
      if (batch?.has(from) !== true) return done(new StorageError(`entry ${from} is not stored, or the storage is closed`), null)
      done(null, batch.slice(from, Math.min(to, batch.lastWithin(from, maxBytes))))
    })
  }

  async close(): Promise<void> {
    if (this.#inFlight > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
    this.#open = false
  }

  #later(finish: () => void): void {
    this.#inFlight += 1
    this.#clock.defer(() => {
      this.#inFlight -= 1
      try {
        finish()
      } finally {
        if (this.#inFlight === 0) for (const resolve of this.#idle.splice(0)) resolve()
      }
    })
  }

  #append(batch: EntryBatch): void {
    if (batch.count === 0) return
    while (this.#lastIndex >= batch.firstIndex) {
      const last = this.#batches.pop() as EntryBatch
      this.#lastIndex = last.firstIndex - 1
      if (last.firstIndex < batch.firstIndex) this.#push(last.slice(last.firstIndex, batch.firstIndex - 1))
    }
    this.#push(batch)
  }

  #push(batch: EntryBatch): void {
    this.#batches.push(batch)
    this.#lastIndex = batch.lastIndex
  }

  #placeOf(index: number): number {
    let low = 0
    let high = this.#batches.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#batches[middle] as EntryBatch).lastIndex >= index) high = middle
      else low = middle + 1
    }
    return low
  }
}
