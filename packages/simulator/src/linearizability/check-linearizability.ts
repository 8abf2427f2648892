import type { HistoryOperation, SequentialModel } from './model.js'
import { partition } from './partition.js'
import { Search } from './search.js'
import { describeWitness } from './witness.js'

export interface LinearizabilityOptions {
  /** How often the model may be asked about one part before it is left undecided. Default 2,000,000. */
  readonly maxSteps?: number
}

export interface LinearizabilityResult {
  /** `undecided`: neither an order was found within `maxSteps`, nor that there is none. A violation in one part counts for the whole. */
  readonly verdict: 'linearizable' | 'violation' | 'undecided'
  /** For a violation, what was found instead of an order, for people. Null otherwise. */
  readonly witness: string | null
  /** Parts that were checked by themselves, and how many of them are undecided. */
  readonly parts: number
  readonly undecided: number
  /** How often the model was asked. */
  readonly steps: number
}

const DEFAULT_MAX_STEPS = 2_000_000

/**
 * Whether there is one order of the operations that real time allows and the model agrees with (Herlihy and Wing 1990). Operations
 * whose outcome is unknown may be anywhere after their call in it, once, or nowhere.
 *
 * Wing and Gong's search as improved by Lowe ("Testing for linearizability", 2017), on parts that share no key as Horn and Kroening have
 * it ("Faster linearizability checking via P-compositionality", 2015). The question is NP-complete: hence `maxSteps`.
 */
export function checkLinearizability<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  history: readonly HistoryOperation<Input, Output>[],
  { maxSteps = DEFAULT_MAX_STEPS }: LinearizabilityOptions = {},
): LinearizabilityResult {
  const parts = model.keys === undefined ? [history] : partition(history, (input) => model.keys?.(input) ?? null)
  let steps = 0
  let undecided = 0
  for (const part of parts) {
    const found = new Search(model, part).run(maxSteps)
    steps += found.steps
    if (found.verdict === 'undecided') undecided += 1
    if (found.verdict === 'violation')
      return { verdict: 'violation', witness: describeWitness(model, part, found), parts: parts.length, undecided, steps }
  }
  return { verdict: undecided === 0 ? 'linearizable' : 'undecided', witness: null, parts: parts.length, undecided, steps }
}
