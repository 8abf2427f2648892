import {
  type Command,
  CommandDecoder,
  CommandError,
  ENTRY_OVERHEAD_BYTES,
  type KeyValue,
  type Range,
  type RangeResult,
  type StoreResult,
  type TransactionCommand,
} from '@raft/commands'
import { assert, type EntryBatch, EntryKind, type StateMachine } from '@raft/core'
import { Digest } from './digest.js'
import type { HeldSum } from './held-sum.js'
import { toBinaryKey } from './key.js'
import { Keyspace } from './keyspace.js'
import { LONGEST_RUN, PutRun } from './put-run.js'
import { canChange, canFail, type Effort, runTransaction } from './transaction.js'

/** Work after which `apply` stops, as `Effort` counts it: some 30 ms of the slowest kind. */
const MAX_EFFORT_BYTES = 1024 * 1024

/**
 * The replicated key-value store: keys in bytewise order, each with its revisions and version. `revision` takes one step for
 * each command that changes something, however many keys it changes; a put changes its key also when the value is the same.
 *
 * The state changes by `apply` only. Reads beside the log see what has been applied here, which may be behind the cluster:
 * for a linearizable read, await `readIndex()` of the node first.
 */
export class KeyValueStore implements StateMachine<StoreResult> {
  readonly #keys = new Keyspace()
  #revision = 0
  #lastApplied = 0
  readonly #puts = new PutRun()
  /** Of the call of `apply` that is under way. */
  readonly #effort: Effort = { bytes: 0 }

  /** Index of the last entry that the state includes; 0 when it is new. */
  get lastApplied(): number {
    return this.#lastApplied
  }

  /** How many commands have changed something. */
  get revision(): number {
    return this.#revision
  }

  /** How many keys there are. */
  get size(): number {
    return this.#keys.size
  }

  /** What the parts of it hold, counted twice. @internal for simulations */
  heldSums(): HeldSum[] {
    return this.#keys.heldSums()
  }

  /** What the key holds; null when it does not exist. The `key` of the answer is the one that was given, and not copied. */
  get(key: Uint8Array): KeyValue | null {
    return this.#keys.get(key)
  }

  /**
   * Keys in bytewise order, of a prefix, from behind `after` on; `more` when a limit (keys, or 4 MiB) left some out.
   * @throws CommandError (`RAFT_COMMAND_MALFORMED`) when the limit is no whole number from 0 on
   */
  range(request: Range = {}): RangeResult {
    const { limit = 0 } = request
    if (!Number.isSafeInteger(limit) || limit < 0)
      throw new CommandError('RAFT_COMMAND_MALFORMED', `the limit ${limit} of a range is no whole number from 0 on`)
    const { entries, more } = this.#keys.range(request)
    return { entries, more, revision: this.#revision }
  }

  /**
   * SHA-256 of keys, values and revisions, in hexadecimal: equal on members whose states are equal. Takes time with the size
   * of the state, and nothing else runs meanwhile: `beginDigest` is for those who have something else to do.
   */
  digest(): string {
    const digest = this.beginDigest()
    while (digest.value === null) digest.step()
    return digest.value
  }

  /** The same in steps of some milliseconds. */
  beginDigest(): Digest {
    return new Digest(this.#keys, () => this.#revision)
  }

  /**
   * Never throws for what a command holds: one that makes no sense changes nothing and has a `CommandFailure` for result.
   * Stops behind the command with which what was read, and other work, has come to 1 MiB: the results are as many as entries
   * were applied, and `lastApplied` is the last of these.
   *
   * @param awaitedFrom no results are made for entries before this index. Default: for all
   */
  apply(entries: EntryBatch, awaitedFrom = 0): readonly (StoreResult | undefined)[] {
    const { firstIndex, count, bytes, offsets } = entries
    assert(
      firstIndex === this.#lastApplied + 1,
      () => `entries from ${firstIndex} on to apply, but ${this.#lastApplied} was the last applied`,
    )
    const decoder = new CommandDecoder(bytes)
    const results: (StoreResult | undefined)[] = []
    this.#effort.bytes = 0
    this.#puts.begin(bytes)
    while (results.length < count && this.#effort.bytes + results.length * ENTRY_OVERHEAD_BYTES < MAX_EFFORT_BYTES) {
      const isAwaited = firstIndex + results.length >= awaitedFrom
      this.#puts.read(offsets, results.length)
      if (this.#puts.count > 0) {
        this.#putAll(results, isAwaited ? 0 : Math.min(LONGEST_RUN, awaitedFrom - firstIndex - results.length))
        continue
      }
      const start = offsets[results.length] as number
      const end = offsets[results.length + 1] as number
      results.push(bytes[start] === EntryKind.Command ? this.#applyCommand(decoder, start + 1, end, isAwaited) : undefined)
    }
    this.#puts.end()
    this.#keys.tidy()
    this.#lastApplied += results.length
    return results
  }

  #applyCommand(decoder: CommandDecoder, start: number, end: number, isAwaited: boolean): StoreResult | undefined {
    try {
      return this.#run(decoder.decode(start, end), isAwaited)
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      return { type: 'error', revision: this.#revision, code: error.code, message: error.message }
    }
  }

  #run(command: Command, isAwaited: boolean): StoreResult | undefined {
    switch (command.type) {
      case 'put':
        return this.#put(command.key, command.value)
      case 'delete':
        return this.#delete(command.key)
      case 'compareAndSet':
        return this.#compareAndSet(command.key, command.prevRevision, command.value)
      case 'transaction':
        return this.#transaction(command, isAwaited)
    }
  }

  /** @param skipped how many puts have a result that nobody waits for */
  #putAll(results: (StoreResult | undefined)[], skipped: number): void {
    const puts = this.#puts
    const keys = this.#keys
    keys.findAll(puts)
    for (let i = 0; i < puts.count; i++) {
      this.#revision += 1
      const { createRevision, modRevision, version } = keys.putFound(puts, i, this.#revision)
      results.push(i < skipped ? undefined : { type: 'put', revision: this.#revision, createRevision, modRevision, version })
    }
  }

  #put(key: Uint8Array, value: Uint8Array): StoreResult {
    this.#revision += 1
    const { createRevision, modRevision, version } = this.#keys.put(toBinaryKey(key), value, this.#revision)
    return { type: 'put', revision: this.#revision, createRevision, modRevision, version }
  }

  #delete(key: Uint8Array): StoreResult {
    const deleted = this.#keys.delete(toBinaryKey(key))
    if (deleted) this.#revision += 1
    return { type: 'delete', revision: this.#revision, deleted }
  }

  #compareAndSet(key: Uint8Array, prevRevision: number, value: Uint8Array): StoreResult {
    const binaryKey = toBinaryKey(key)
    const current = this.#keys.find(binaryKey)?.modRevision ?? 0
    if (current !== prevRevision) return { type: 'compareAndSet', revision: this.#revision, succeeded: false, modRevision: current }
    this.#revision += 1
    this.#keys.put(binaryKey, value, this.#revision)
    return { type: 'compareAndSet', revision: this.#revision, succeeded: true, modRevision: this.#revision }
  }

  #transaction(transaction: TransactionCommand, isAwaited: boolean): StoreResult | undefined {
    if (!isAwaited && !canChange(transaction)) return undefined
    const keys = this.#keys
    // A transaction that reads may fail when it has changed something; without reads nothing can fail any more.
    if (!canFail(transaction)) return this.#transactionOn(keys, transaction, isAwaited)
    keys.begin()
    try {
      const result = this.#transactionOn(keys, transaction, isAwaited)
      keys.keepChanges()
      return result
    } catch (error) {
      keys.takeBackChanges()
      throw error
    }
  }

  #transactionOn(keys: Keyspace, transaction: TransactionCommand, isAwaited: boolean): StoreResult {
    const run = { revision: this.#revision + 1, isAwaited, effort: this.#effort }
    const { succeeded, results, changed } = runTransaction(keys, transaction, run)
    if (changed) this.#revision += 1
    return { type: 'transaction', revision: this.#revision, succeeded, results }
  }
}
