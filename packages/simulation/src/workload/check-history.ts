import { checkLinearizability, type HistoryOperation, type LinearizabilityOptions } from '@raft/simulator'
import { KnownRevisions } from './known-revisions.js'
import { placeLocalReads } from './local-reads.js'
import type { Input, Output } from './operations.js'
import { wrongRevisions } from './revision-order.js'
import { storeModel } from './store-model.js'
import type { Values } from './values.js'

export interface HistoryVerdict {
  /** What is wrong: the oracle that says so, and the witness. Null: nothing, as far as could be decided. */
  readonly violation: { readonly oracle: string; readonly message: string } | null
  readonly isDecided: boolean
  /** What the check cost. */
  readonly steps: number
}

/** Whether a history is one of a linearizable key-value store with the given keys. */
export function checkHistory(
  history: readonly HistoryOperation<Input, Output>[],
  keys: readonly string[],
  values: Values,
  options: LinearizabilityOptions = {},
): HistoryVerdict {
  const known = new KnownRevisions(history, values)
  const model = storeModel(known, keys, values)
  const wrong = wrongRevisions(history, values, (input, output) => model.describe(input, output))
  if (wrong !== null) return { violation: { oracle: 'revisions', message: wrong }, isDecided: true, steps: 0 }
  const { verdict, witness, steps } = checkLinearizability(model, placeLocalReads(history, known), options)
  const violation = witness === null ? null : { oracle: 'linearizability', message: witness }
  return { violation, isDecided: verdict !== 'undecided', steps }
}
