import { CommandTooLargeError, OverloadedError, type RaftError } from '../errors.js'
import type { DurationCallbacks, Limits } from './options.js'

/** Called once: with an error, or with what the state machine returned. Must not throw. */
export type ProposalDone<Result> = (error: RaftError | null, result: Result | undefined) => void

interface Batch<Result> {
  readonly firstIndex: number
  /** When the first of them was submitted. */
  readonly submittedAt: number
  readonly commands: readonly Uint8Array[]
  readonly done: readonly ProposalDone<Result>[]
}

/** Proposals on their way: those that came in this turn, and those that are in the log and wait to be applied. */
export class Proposals<Result> {
  readonly #limits: Limits
  readonly #now: () => number
  readonly #onProposed: DurationCallbacks['onProposed']
  /** When the first proposal of this turn was submitted. */
  #newSince = 0
  #commands: Uint8Array[] = []
  #done: ProposalDone<Result>[] = []
  #appended: Batch<Result>[] = []
  #count = 0
  #bytes = 0

  constructor(limits: Limits, now: () => number = () => 0, onProposed?: DurationCallbacks['onProposed']) {
    this.#limits = limits
    this.#now = now
    this.#onProposed = onProposed
  }

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#bytes
  }

  /** `count` and `bytes`, counted anew. */
  counted(): { readonly count: number; readonly bytes: number } {
    const waiting = [this.#commands, ...this.#appended.map(({ commands }) => commands)]
    const bytes = waiting.flat().reduce((sum, command) => sum + command.length, 0)
    return { count: this.#done.length + this.#appended.reduce((sum, { done }) => sum + done.length, 0), bytes }
  }

  get hasNew(): boolean {
    return this.#commands.length > 0
  }

  /** Why this command cannot be taken now; null when it can. */
  refusal(command: Uint8Array): RaftError | null {
    const { maxCommandBytes, maxPending, maxPendingBytes } = this.#limits
    if (command.length > maxCommandBytes) return new CommandTooLargeError(command.length, maxCommandBytes)
    if (this.#count >= maxPending) return new OverloadedError(`${this.#count} proposals`)
    // One command is taken whatever its size, or a limit below maxCommandBytes would refuse it for ever.
    if (this.#count > 0 && this.#bytes + command.length > maxPendingBytes) return new OverloadedError(`${this.#bytes} bytes of proposals`)
    return null
  }

  add(command: Uint8Array, done: ProposalDone<Result>): void {
    if (this.#onProposed !== undefined && this.#commands.length === 0) this.#newSince = this.#now()
    this.#commands.push(command)
    this.#done.push(done)
    this.#count += 1
    this.#bytes += command.length
  }

  /** Results of entries before this index are awaited by nobody; Infinity where none are awaited. */
  get awaitedFrom(): number {
    return this.#appended[0]?.firstIndex ?? Number.POSITIVE_INFINITY
  }

  /** The commands of this turn; `appended` or `refuseNew` must follow. */
  get newCommands(): readonly Uint8Array[] {
    return this.#commands
  }

  /** The commands of this turn are in the log from `firstIndex` on. */
  appended(firstIndex: number): void {
    this.#appended.push({ firstIndex, submittedAt: this.#newSince, commands: this.#commands, done: this.#done })
    this.#commands = []
    this.#done = []
  }

  /** The commands of this turn were not appended. */
  refuseNew(error: () => RaftError): void {
    const commands = this.#commands
    const done = this.#done
    this.#commands = []
    this.#done = []
    this.#fail(commands, done, this.#newSince, error)
  }

  /** Entries from `firstIndex` on were applied, as many as there are results, with one result each. */
  applied(firstIndex: number, results: readonly (Result | undefined)[]): void {
    const end = firstIndex + results.length
    while (this.#appended.length > 0) {
      const batch = this.#appended[0] as Batch<Result>
      if (batch.firstIndex >= end) return
      const applied = Math.min(batch.done.length, end - batch.firstIndex)
      // Taken out first: what `done` calls may come back here.
      if (applied === batch.done.length) this.#appended.shift()
      else this.#appended[0] = rest(batch, applied)
      this.#count -= applied
      for (let i = 0; i < applied; i++) this.#bytes -= (batch.commands[i] as Uint8Array).length
      const offset = batch.firstIndex - firstIndex
      if (this.#onProposed !== undefined) for (let i = 0; i < applied; i++) this.#onProposed(this.#now() - batch.submittedAt, null)
      for (let i = 0; i < applied; i++) (batch.done[i] as ProposalDone<Result>)(null, results[offset + i])
    }
  }

  /** Those in the log that have not been applied up to `appliedIndex` end with this error. */
  failAppended(appliedIndex: number, error: () => RaftError): void {
    const left = this.#appended.map((batch) => rest(batch, Math.max(0, appliedIndex + 1 - batch.firstIndex)))
    this.#appended = []
    this.#fail(
      left.flatMap(({ commands }) => commands),
      left.flatMap(({ done }) => done),
      left[0]?.submittedAt ?? 0,
      error,
    )
  }

  /** All are taken off the sums before the first of them is told: it may look at the sums, or stop the node. */
  #fail(commands: readonly Uint8Array[], done: readonly ProposalDone<Result>[], submittedAt: number, error: () => RaftError): void {
    for (const command of commands) this.#bytes -= command.length
    this.#count -= commands.length
    const took = this.#now() - submittedAt
    for (const one of done) {
      const reason = error()
      this.#onProposed?.(took, reason)
      one(reason, undefined)
    }
  }
}

function rest<Result>(batch: Batch<Result>, skip: number): Batch<Result> {
  return { ...batch, firstIndex: batch.firstIndex + skip, commands: batch.commands.slice(skip), done: batch.done.slice(skip) }
}
