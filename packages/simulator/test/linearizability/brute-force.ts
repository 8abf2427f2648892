import type { HistoryOperation, SequentialModel } from '../../src/index.js'

/** Whether there is an order, by trying them all: written from the definition, with nothing of the checker in it. */
export function isLinearizable<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  history: readonly HistoryOperation<Input, Output>[],
): boolean {
  return extend(model, model.initial, history)
}

function extend<State, Input, Output>(
  model: SequentialModel<State, Input, Output>,
  state: State,
  rest: readonly HistoryOperation<Input, Output>[],
): boolean {
  if (rest.every(({ output }) => output === undefined)) return true
  return rest.some((one) => {
    const others = rest.filter((other) => other !== one)
    if (others.some((other) => other.output !== undefined && other.return < one.call)) return false
    const after = model.step(state, one.input, one.output)
    return after !== null && extend(model, after, others)
  })
}
