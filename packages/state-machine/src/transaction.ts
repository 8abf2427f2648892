import {
  CommandError,
  type Compare,
  ENTRY_OVERHEAD_BYTES,
  type GetStep,
  MAX_TRANSACTION_READ_BYTES,
  type RangeStep,
  type Relation,
  type Step,
  type StepResult,
  type TransactionCommand,
} from '@raft/commands'
import { toBinaryKey } from './key.js'
import type { Keyspace } from './keyspace.js'

export interface TransactionOutcome {
  readonly succeeded: boolean
  /** One for each step that was carried out; none when nobody waits for them. */
  readonly results: readonly StepResult[]
  /** Whether any step put a key, or deleted one that existed. */
  readonly changed: boolean
}

/** How a transaction is to be carried out. */
export interface TransactionRun {
  /** Of all puts. */
  readonly revision: number
  /** Whether somebody waits for the results; otherwise what is read is only counted. */
  readonly isAwaited: boolean
  /** Is told of all work, in bytes, as limits count them. */
  readonly effort: Effort
}

/** Work that was done, in bytes: what was read, and `ENTRY_OVERHEAD_BYTES` for each thing that was looked at or changed. */
export interface Effort {
  bytes: number
}

/**
 * Carries a transaction out on `keys`: the compares see the state before it; each step sees what the steps before it did;
 * all puts get the same `revision`.
 * @throws CommandError (`RAFT_TRANSACTION_TOO_LARGE`) when it reads too much; `keys` may then be changed in part
 */
export function runTransaction(keys: Keyspace, transaction: TransactionCommand, run: TransactionRun): TransactionOutcome {
  const succeeded = transaction.compare.every((compare) => holds(keys, compare))
  const steps = succeeded ? transaction.success : transaction.failure
  run.effort.bytes += (transaction.compare.length + steps.length) * ENTRY_OVERHEAD_BYTES
  const reading = new Reading(keys, run)
  const results: StepResult[] = []
  let changed = false
  for (const step of steps) {
    const result = carryOut(keys, step, run.revision, reading)
    changed ||= result?.type === 'put' || (result?.type === 'delete' && result.deleted)
    if (run.isAwaited && result !== null) results.push(result)
  }
  return { succeeded, results, changed }
}

/** @returns null for a read whose result nobody waits for */
function carryOut(keys: Keyspace, step: Step, revision: number, reading: Reading): StepResult | null {
  switch (step.type) {
    case 'put': {
      const { createRevision, modRevision, version } = keys.put(toBinaryKey(step.key), step.value, revision)
      return { type: 'put', createRevision, modRevision, version }
    }
    case 'delete':
      return { type: 'delete', deleted: keys.delete(toBinaryKey(step.key)) }
    case 'get':
      return reading.get(step)
    case 'range':
      return reading.range(step)
  }
}

/** The reads of one transaction: together they are bounded, and what is over the bound is never copied. */
class Reading {
  readonly #keys: Keyspace
  readonly #run: TransactionRun
  #left = MAX_TRANSACTION_READ_BYTES

  constructor(keys: Keyspace, run: TransactionRun) {
    this.#keys = keys
    this.#run = run
  }

  get({ key }: GetStep): StepResult | null {
    this.#count(this.#keys.entryBytes(key))
    // A copy of the key: the result outlives the command.
    return this.#run.isAwaited ? { type: 'get', entry: this.#keys.get(Buffer.from(key)) } : null
  }

  range(step: RangeStep): StepResult | null {
    if (!this.#run.isAwaited) {
      this.#count(this.#keys.rangeBytes(step, this.#left))
      return null
    }
    const { entries, more, bytes } = this.#keys.range(step, this.#left)
    this.#count(bytes)
    return { type: 'range', entries, more }
  }

  #count(bytes: number): void {
    this.#left -= bytes
    this.#run.effort.bytes += bytes
    if (this.#left < 0)
      throw new CommandError(
        'RAFT_TRANSACTION_TOO_LARGE',
        `the transaction reads over ${MAX_TRANSACTION_READ_BYTES} bytes: read less, or in several`,
      )
  }
}

/** Whether the transaction can fail once it has begun, so that it needs a state to go back to. */
export function canFail({ success, failure }: TransactionCommand): boolean {
  return success.some(reads) || failure.some(reads)
}

/** Whether the transaction may change something, whatever it finds. */
export function canChange({ success, failure }: TransactionCommand): boolean {
  return !success.every(reads) || !failure.every(reads)
}

function reads(step: Step): boolean {
  return step.type === 'get' || step.type === 'range'
}

function holds(keys: Keyspace, compare: Compare): boolean {
  const stored = keys.find(toBinaryKey(compare.key))
  const { relation = 'equal' } = compare
  if ('value' in compare)
    return stored === undefined ? relation === 'notEqual' : relates(relation, Buffer.compare(stored.value, compare.value))
  if ('createRevision' in compare) return relates(relation, (stored?.createRevision ?? 0) - compare.createRevision)
  if ('modRevision' in compare) return relates(relation, (stored?.modRevision ?? 0) - compare.modRevision)
  return relates(relation, (stored?.version ?? 0) - compare.version)
}

/** @param difference negative, zero or positive as the left side is less than, equal to or greater than the right */
function relates(relation: Relation, difference: number): boolean {
  switch (relation) {
    case 'equal':
      return difference === 0
    case 'notEqual':
      return difference !== 0
    case 'less':
      return difference < 0
    case 'greater':
      return difference > 0
  }
}
