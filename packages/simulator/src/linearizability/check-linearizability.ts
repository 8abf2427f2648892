import type { HistoryOperation, SequentialModel } from './model.js'
import { partition } from './partition.js'
import { type Found, Search } from './search.js'
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
/** How many unknown operations are tried at each place, before all are. */
const FEW_GUESSES = [2, 5, 15]

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
    const found = search(model, part, maxSteps)
    steps += found.steps
    if (found.verdict === 'undecided') undecided += 1
    if (found.verdict === 'violation')
      return { verdict: 'violation', witness: describeWitness(model, part, found), parts: parts.length, undecided, steps }
  }
  return { verdict: undecided === 0 ? 'linearizable' : 'undecided', witness: null, parts: parts.length, undecided, steps }
}

/**
 * At first only a few of the unknown operations are tried at each place, those called last: mostly the right ones are among them, and
 * where they are not, the wrong ones before them would all be tried with each other.
 */
function search<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  part: readonly HistoryOperation<Input, Output>[],
  maxSteps: number,
): Found<State> {
  const mustGuess = part.some(({ output }) => output === undefined)
  let steps = 0
  for (const maxGuesses of mustGuess ? FEW_GUESSES : []) {
    const found = new Search(model, part, maxGuesses).run(maxSteps / 10)
    steps += found.steps
    if (found.verdict !== 'undecided') return { ...found, steps }
  }
  const found = new Search(model, part, Number.POSITIVE_INFINITY).run(maxSteps - steps)
  return { ...found, steps: found.steps + steps }
}
