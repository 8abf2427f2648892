import type { HistoryOperation, SequentialModel } from './model.js'
import type { Found } from './search.js'

/** How many operations of the order before are shown. */
const SHOWN = 12

/** Why there is no order, for a person to read: the longest order that was found, and what could not go on from it. */
export function describeWitness<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  operations: readonly HistoryOperation<Input, Output>[],
  found: Found<State>,
): string {
  const at = (index: number) => operations[index] as HistoryOperation<Input, Output>
  const answered = operations.filter(({ output }) => output !== undefined).length
  const placed = found.order.filter((index) => at(index).output !== undefined).length
  const inOrder = new Set(found.order)
  const open = [...operations.keys()].filter((index) => at(index).output === undefined && !inOrder.has(index))
  return [
    `${placed} of ${answered} answered operations can be put in order, and no more; the last of them:`,
    ...found.order.slice(-SHOWN).map((index) => `  ${line(model, at(index))}`),
    'What was under way then, and what the state says to it:',
    ...found.next.map((index) => `  ${line(model, at(index))}   ${judged(model, at(index), found.state)}`),
    ...(open.length === 0 ? [] : [`Of unknown outcome and not in that order: ${open.length}; the last of them:`]),
    ...open.slice(-SHOWN).map((index) => `  ${line(model, at(index))}`),
  ].join('\n')
}

function line<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  { client, input, output, call, return: end }: HistoryOperation<Input, Output>,
): string {
  return `[${call}, ${output === undefined ? '?' : end}] ${client}: ${model.describe(input, output)}`
}

function judged<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  { input, output }: HistoryOperation<Input, Output>,
  state: State,
): string {
  const there = model.describeState(state, input)
  return model.step(state, input, output) === null ? `not possible: there is ${there}` : `possible with ${there}, but nothing fits after it`
}
