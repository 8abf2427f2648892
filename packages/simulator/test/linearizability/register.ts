import type { HistoryOperation, SequentialModel } from '../../src/index.js'

export type Input =
  | { readonly key: string; readonly kind: 'read' }
  | { readonly key: string; readonly kind: 'write'; readonly value: number }
  | { readonly key: string; readonly kind: 'swap'; readonly from: number; readonly to: number }
  | { readonly key: string; readonly kind: 'increment' }
  | { readonly kind: 'sum'; readonly keys: readonly string[] }

/** Of a read or an increment the value, of a compare-and-set whether it took place, of a write nothing. */
export type Output = number | boolean | null

type Values = Readonly<Record<string, number>>

/** Registers that hold 0 at first. */
export const registers: SequentialModel<Values, Input, Output> & { keys(input: Input): readonly string[] } = {
  initial: {},
  step(values, input, output) {
    const agrees = (right: Output) => output === undefined || output === right
    if (input.kind === 'sum') return agrees(input.keys.reduce((sum, key) => sum + (values[key] ?? 0), 0)) ? values : null
    const value = values[input.key] ?? 0
    switch (input.kind) {
      case 'read':
        return agrees(value) ? values : null
      case 'write':
        return agrees(null) ? set(values, input.key, input.value) : null
      case 'increment':
        return agrees(value + 1) ? set(values, input.key, value + 1) : null
      case 'swap':
        if (!agrees(value === input.from)) return null
        return value === input.from ? set(values, input.key, input.to) : values
    }
  },
  isRead: ({ kind }, output) => kind === 'read' || kind === 'sum' || output === false,
  hash: (values) => text(values).length,
  equals: (a, b) => text(a) === text(b),
  describe: (input, output) => `${JSON.stringify(input)} gives ${output === undefined ? 'nothing' : JSON.stringify(output)}`,
  describeState: text,
  keys: (input) => (input.kind === 'sum' ? input.keys : [input.key]),
}

/** The same object when nothing changes, as the model has to. */
function set(values: Values, key: string, value: number): Values {
  return (values[key] ?? 0) === value ? values : { ...values, [key]: value }
}

function text(values: Values): string {
  return Object.keys(values)
    .filter((key) => values[key] !== 0)
    .sort()
    .map((key) => `${key} ${values[key]}`)
    .join()
}

/** An operation that was answered. */
export function did(call: number, end: number, input: Input, output: Output, client = 'c'): HistoryOperation<Input, Output> {
  return { client, input, output, call, return: end }
}

/** One whose outcome is unknown. */
export function tried(call: number, input: Input, client = 'c'): HistoryOperation<Input, Output> {
  return { client, input, output: undefined, call, return: Number.POSITIVE_INFINITY }
}
