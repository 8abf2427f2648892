import type { Compare, RelationName, TransactionCommand, TransactionStep } from './command.js'
import { CommandError } from './errors.js'
import { toBinaryKey } from './key.js'
import type { Keyspace } from './keyspace.js'
import { ENTRY_OVERHEAD_BYTES, MAX_TRANSACTION_READ_BYTES } from './limits.js'
import type { StepResult } from './result.js'

export interface TransactionOutcome {
  readonly succeeded: boolean
  readonly results: readonly StepResult[]
  /** Whether any step put a key, or deleted one that existed. */
  readonly changed: boolean
}

/**
 * Carries a transaction out on `keys`: the compares see the state before it; each step sees what the steps before it did;
 * all puts get the same `revision`.
 * @throws CommandError (`RAFT_TRANSACTION_TOO_LARGE`) when it reads too much; `keys` may then be changed in part
 */
export function runTransaction(keys: Keyspace, transaction: TransactionCommand, revision: number): TransactionOutcome {
  const succeeded = transaction.compares.every((compare) => holds(keys, compare))
  const results: StepResult[] = []
  let changed = false
  let bytesRead = 0
  for (const step of succeeded ? transaction.thenSteps : transaction.elseSteps) {
    switch (step.type) {
      case 'put': {
        const { createRevision, modRevision, version } = keys.put(toBinaryKey(step.key), step.value, revision)
        results.push({ type: 'put', createRevision, modRevision, version })
        changed = true
        break
      }
      case 'delete': {
        const deleted = keys.delete(toBinaryKey(step.key))
        results.push({ type: 'delete', deleted })
        changed ||= deleted
        break
      }
      case 'get': {
        // A copy of the key: the result outlives the command.
        const entry = keys.get(Buffer.from(step.key))
        results.push({ type: 'get', entry })
        if (entry !== null) bytesRead += entry.key.length + entry.value.length + ENTRY_OVERHEAD_BYTES
        break
      }
      case 'range': {
        const { entries, more, bytes } = keys.range(step)
        results.push({ type: 'range', entries, more })
        bytesRead += bytes
      }
    }
    if (bytesRead > MAX_TRANSACTION_READ_BYTES)
      throw new CommandError(
        'RAFT_TRANSACTION_TOO_LARGE',
        `the transaction reads over ${MAX_TRANSACTION_READ_BYTES} bytes: read less, or in several`,
      )
  }
  return { succeeded, results, changed }
}

/** Whether the transaction can fail once it has begun, so that it needs a state to go back to. */
export function canFail(transaction: TransactionCommand): boolean {
  return transaction.thenSteps.some(reads) || transaction.elseSteps.some(reads)
}

function reads(step: TransactionStep): boolean {
  return step.type === 'get' || step.type === 'range'
}

function holds(keys: Keyspace, compare: Compare): boolean {
  const stored = keys.find(toBinaryKey(compare.key))
  if (compare.target !== 'value') return relates(compare.relation, (stored?.[compare.target] ?? 0) - compare.operand)
  if (stored === undefined) return compare.relation === 'notEqual'
  return relates(compare.relation, Buffer.compare(stored.value, compare.operand))
}

/** @param difference negative, zero or positive as the left side is less than, equal to or greater than the right */
function relates(relation: RelationName, difference: number): boolean {
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
