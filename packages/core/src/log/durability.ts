import type { EntryBatch } from '../entry-batch.js'
import { assert } from '../errors.js'
import type { HardState } from '../types.js'
import type { Log } from './log.js'

/** A write that Node hands to LogStorage, with the number by which messages wait for it. */
export interface NumberedWrite {
  readonly number: number
  readonly hardState: HardState | null
  readonly entries: readonly EntryBatch[]
}

/**
 * Which write makes what durable. Writes are numbered 1, 2, 3, …; one is in flight at a time, and what arrives meanwhile
 * goes into the next: group commit. A message names the write that it waits for; 0 means none.
 *
 * A write takes as many entries as fit into maxWriteBytes, one whatever its size. So what a write still to come will take at
 * least is known before it is issued, and only grows by what is appended meanwhile.
 */
export class Durability {
  #issued = 0
  #completed = 0
  #hardStateWrite = 0
  #hardStateDirty = false
  /** The first entry that no write has been given yet. */
  #nextIndex: number
  /** The last entry that the write in flight makes durable. It falls when entries of the write are replaced before the write is done. */
  #inFlightLastIndex = 0
  #issuedAt = 0
  readonly #maxWriteBytes: number

  constructor(lastIndex: number, maxWriteBytes: number) {
    this.#nextIndex = lastIndex + 1
    this.#maxWriteBytes = maxWriteBytes
  }

  fork(): Durability {
    const copy = new Durability(0, this.#maxWriteBytes)
    copy.#issued = this.#issued
    copy.#completed = this.#completed
    copy.#hardStateWrite = this.#hardStateWrite
    copy.#hardStateDirty = this.#hardStateDirty
    copy.#nextIndex = this.#nextIndex
    copy.#inFlightLastIndex = this.#inFlightLastIndex
    copy.#issuedAt = this.#issuedAt
    return copy
  }

  fingerprint(now: number): string {
    return [
      this.#issued - this.#completed,
      this.#hardStateWrite - this.#completed,
      this.#hardStateDirty,
      this.#nextIndex,
      this.#inFlightLastIndex,
      this.writeInFlight ? this.#issuedAt - now : '',
    ].join()
  }

  get writeInFlight(): boolean {
    return this.#issued > this.#completed
  }

  /** When the write in flight was issued. */
  get issuedAt(): number {
    return this.#issuedAt
  }

  get completed(): number {
    return this.#completed
  }

  /** The write that makes the newest hard state durable. */
  get hardStateWrite(): number {
    return this.#hardStateWrite
  }

  get hardStateIsDurable(): boolean {
    return this.#hardStateWrite <= this.#completed
  }

  /** The write that makes the entries up to `index` durable; 0 when they already are. */
  entryWrite(log: Log, index: number): number {
    if (index <= log.durableIndex) return 0
    let number = this.#issued
    for (let next = this.#nextIndex; next <= index; number++) next = log.lastWithin(next, this.#maxWriteBytes) + 1
    return number
  }

  /** Up to here the log will be durable with the next write to be issued. */
  nextWriteEnd(log: Log): number {
    return this.#nextIndex > log.lastIndex ? log.lastIndex : log.lastWithin(this.#nextIndex, this.#maxWriteBytes)
  }

  hardStateChanged(): void {
    this.#hardStateDirty = true
    this.#hardStateWrite = this.#issued + 1
  }

  /**
   * The entries from `index` on are replaced. The write in flight may hold old ones: what it completes must not count for
   * the new ones at the same indexes (the "append ABA", etcd-io/raft async_storage_writes_append_aba_race).
   */
  truncatedFrom(index: number): void {
    this.#nextIndex = Math.min(this.#nextIndex, index)
    this.#inFlightLastIndex = Math.min(this.#inFlightLastIndex, index - 1)
  }

  /** The next write, when there is something to write and none in flight. */
  nextWrite(log: Log, hardState: HardState, now: number): NumberedWrite | null {
    if (this.writeInFlight) return null
    const hasEntries = this.#nextIndex <= log.lastIndex
    if (!hasEntries && !this.#hardStateDirty) return null
    const lastIndex = this.nextWriteEnd(log)
    const write = {
      number: this.#issued + 1,
      hardState: this.#hardStateDirty ? hardState : null,
      entries: hasEntries ? log.unwritten(this.#nextIndex, lastIndex) : [],
    }
    this.#issued = write.number
    this.#issuedAt = now
    this.#hardStateDirty = false
    this.#nextIndex = lastIndex + 1
    this.#inFlightLastIndex = lastIndex
    return write
  }

  /** The write in flight is done. */
  complete(log: Log, number: number): void {
    assert(
      this.writeInFlight && number === this.#issued,
      () => `write ${number} is done, but ${this.#issued} was issued and ${this.#completed} done`,
    )
    this.#completed = number
    log.madeDurable(this.#inFlightLastIndex)
  }
}
