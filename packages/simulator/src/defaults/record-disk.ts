import type { EntryBatch, HardState, LogWrite, StoredLog, TermRun } from '@raft/core'
import { type DiskConditions, type HostDisk, healthyDisk } from '../disk/host-disk.js'
import type { Prng } from '../world/prng.js'
import type { World } from '../world/world.js'

/** A disk on which a write is wholly, or not at all: for simulations of everything above the storage. */
export class RecordDisk implements HostDisk {
  readonly conditions: DiskConditions = { ...healthyDisk }
  readonly world: World
  readonly random: Prng
  readonly #base: { readonly index: number; readonly term: number }
  #hardState: HardState
  #failures = 0
  #isStalled = false
  #isFull = false
  #waiting: (() => void)[] = []
  #batches: EntryBatch[] = []
  #pending: LogWrite | null = null

  constructor(id: string, world: World, base: { readonly index: number; readonly term: number }) {
    this.world = world
    this.random = world.random(`disk ${id}`)
    this.#base = base
    this.#hardState = { currentTerm: base.term, votedFor: null }
  }

  get failures(): number {
    return this.#failures
  }

  get underWay(): number {
    return this.#pending === null ? 0 : 1
  }

  get lastIndex(): number {
    return this.#batches.at(-1)?.lastIndex ?? this.#base.index
  }

  stored(): StoredLog {
    const runs: TermRun[] = []
    for (const batch of this.#batches) for (const run of batch.runs) if (runs.at(-1)?.term !== run.term) runs.push(run)
    return { hardState: this.#hardState, baseIndex: this.#base.index, baseTerm: this.#base.term, lastIndex: this.lastIndex, runs }
  }

  /** Runs `action` once the disk has done an operation, which is never while it is stalled. */
  afterWork(action: () => void): void {
    const { delay, slowness, maxSlow, isSteady } = this.conditions
    const isSlow = this.random.chance(slowness)
    if (isSlow) this.world.count('slow disk')
    this.world.after(
      0.01 + (isSteady === true ? delay : this.random.exponential(delay)) + (isSlow ? this.random.between(0, maxSlow) : 0),
      () => {
        if (this.#isStalled) this.#waiting.push(() => this.afterWork(action))
        else action()
      },
    )
  }

  /** Whether the operation fails, at this rate. */
  fails(what: string, rate: number): boolean {
    if (!this.random.chance(rate)) return false
    this.#failures += 1
    this.world.count(what)
    return true
  }

  /** Whether there is no room for what is written now. */
  lacksRoom(): boolean {
    if (!this.#isFull) return false
    this.#failures += 1
    this.world.count('disk full')
    return true
  }

  begin(write: LogWrite): void {
    this.#pending = write
  }

  /** The write in flight has reached the disk. */
  complete(): void {
    const write = this.#pending
    this.#pending = null
    if (write === null) return
    if (write.hardState !== null) this.#hardState = write.hardState
    for (const batch of write.entries) this.#append(batch)
  }

  /** The write in flight has failed, or its process is gone: it is there, or it never was. */
  crash(): void {
    if (this.random.chance(0.5)) this.complete()
    this.#pending = null
    this.#waiting = []
  }

  kill(): void {
    this.crash()
  }

  read(from: number, to: number, maxBytes: number): EntryBatch | null {
    const batch = this.#batches.find((one) => one.has(from))
    if (batch === undefined) return null
    return batch.slice(from, Math.min(to, batch.lastWithin(from, maxBytes)))
  }

  stall(): void {
    this.#isStalled = true
  }

  resume(): void {
    this.#isStalled = false
    const waiting = this.#waiting
    this.#waiting = []
    for (const one of waiting) one()
  }

  fill(): void {
    this.#isFull = true
  }

  makeRoom(): void {
    this.#isFull = false
  }

  wipe(): void {
    this.#hardState = { currentTerm: this.#base.term, votedFor: null }
    this.#batches = []
    this.#pending = null
  }

  #append(batch: EntryBatch): void {
    if (batch.count === 0) return
    while (this.lastIndex >= batch.firstIndex && this.#batches.length > 0) {
      const last = this.#batches.pop() as EntryBatch
      if (last.firstIndex < batch.firstIndex) this.#batches.push(last.slice(last.firstIndex, batch.firstIndex - 1))
    }
    this.#batches.push(batch)
  }
}
