import type { EntryBatch, HardState, LogWrite, StoredLog, TermRun } from '../../src/index.js'
import type { World } from './world.js'

/** What a member's disk holds. It outlives every process; a write is on it wholly or not at all. */
export class Disk {
  readonly baseIndex: number
  readonly baseTerm: number
  hardState: HardState
  slowness = 1
  failNextWrite = false
  /** When the work that has been begun will be done, unless the disk is stalled. */
  busyUntil = 0
  /** Since when the write in flight is under way. */
  pendingSince = Number.POSITIVE_INFINITY
  #stalled = false
  #whenFlowing: (() => void)[] = []
  readonly #batches: EntryBatch[] = []
  /** Of the entries behind baseIndex. */
  #terms: number[] = []
  /** As `#terms` will be once the write in flight is done. */
  #issuedTerms: number[] = []
  #pending: LogWrite | null = null
  readonly #world: World

  constructor(world: World, baseIndex: number, baseTerm: number) {
    this.#world = world
    this.baseIndex = baseIndex
    this.baseTerm = baseTerm
    this.hardState = { currentTerm: baseTerm, votedFor: null }
  }

  get lastIndex(): number {
    return this.baseIndex + this.#terms.length
  }

  get issuedLastIndex(): number {
    return this.baseIndex + this.#issuedTerms.length
  }

  get stalled(): boolean {
    return this.#stalled
  }

  /** The term at `index`, or -1 where there is no entry. */
  termAt(index: number): number {
    return index === this.baseIndex ? this.baseTerm : (this.#terms[index - this.baseIndex - 1] ?? -1)
  }

  issuedTermAt(index: number): number {
    return index === this.baseIndex ? this.baseTerm : (this.#issuedTerms[index - this.baseIndex - 1] ?? -1)
  }

  stored(): StoredLog {
    const runs: TermRun[] = []
    for (const batch of this.#batches) for (const run of batch.runs) if (runs.at(-1)?.term !== run.term) runs.push(run)
    const { hardState, baseIndex, baseTerm, lastIndex } = this
    return { hardState, baseIndex, baseTerm, lastIndex, runs }
  }

  stall(): void {
    this.#stalled = true
  }

  heal(): void {
    this.slowness = 1
    this.failNextWrite = false
    this.#stalled = false
    const waiting = this.#whenFlowing
    this.#whenFlowing = []
    for (const one of waiting) one()
  }

  /** Runs `action` once the disk has done that much work, which is never while it is stalled. */
  afterWork(action: () => void): void {
    const work = this.#world.prng.exponential(0.4) * this.slowness
    this.busyUntil = Math.max(this.busyUntil, this.#world.now + work)
    this.#world.after(work, () => {
      if (this.#stalled) this.#whenFlowing.push(() => this.afterWork(action))
      else action()
    })
  }

  issue(write: LogWrite): void {
    if (this.#pending !== null) this.#world.violated('port contract', 'a write was given while another was in flight')
    this.#pending = write
    this.pendingSince = this.#world.now
    let next = write.entries[0]?.firstIndex ?? this.lastIndex + 1
    if (next <= this.baseIndex || next > this.lastIndex + 1) {
      this.#world.violated('port contract', `a write from ${next} on to a log of ${this.baseIndex} to ${this.lastIndex}`)
    }
    this.#issuedTerms.length = next - this.baseIndex - 1
    for (const batch of write.entries) {
      if (batch.firstIndex !== next) this.#world.violated('port contract', `a batch at ${batch.firstIndex} where ${next} was due`)
      for (const run of batch.runs) {
        const end = batch.runs[batch.runs.indexOf(run) + 1]?.firstIndex ?? batch.lastIndex + 1
        for (let index = run.firstIndex; index < end; index++) this.#issuedTerms.push(run.term)
      }
      next += batch.count
    }
  }

  /** The write in flight has reached the disk. */
  complete(): void {
    const write = this.#pending
    this.#pending = null
    this.pendingSince = Number.POSITIVE_INFINITY
    if (write === null) return
    if (write.hardState !== null) this.hardState = write.hardState
    for (const batch of write.entries) this.#append(batch)
    this.#terms = [...this.#issuedTerms]
  }

  /** The process died: what was in flight is there, or it never was. */
  crash(): void {
    if (this.#world.prng.chance(0.5)) this.complete()
    this.#pending = null
    this.pendingSince = Number.POSITIVE_INFINITY
    this.#issuedTerms = [...this.#terms]
    this.#whenFlowing = []
  }

  read(from: number, to: number, maxBytes: number): EntryBatch | null {
    const batch = this.#batches.find((one) => one.has(from))
    if (batch === undefined) return null
    return batch.slice(from, Math.min(to, batch.lastWithin(from, maxBytes)))
  }

  #append(batch: EntryBatch): void {
    if (batch.count === 0) return
    while ((this.#batches.at(-1)?.lastIndex ?? 0) >= batch.firstIndex) {
      const last = this.#batches.pop() as EntryBatch
      if (last.firstIndex < batch.firstIndex) this.#batches.push(last.slice(last.firstIndex, batch.firstIndex - 1))
    }
    this.#batches.push(batch)
  }
}
