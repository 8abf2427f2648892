import type { HistoryOperation } from './model.js'

/** The history in parts that share no key, each in the order of the whole. */
export function partition<Input, Output>(
  operations: readonly HistoryOperation<Input, Output>[],
  keysOf: (input: Input) => readonly string[] | null,
): HistoryOperation<Input, Output>[][] {
  const groups = new Groups()
  const keys = operations.map(({ input }) => keysOf(input))
  for (const touched of keys) {
    if (touched === null) return [[...operations]]
    const [first = ''] = touched
    for (const key of touched) groups.join(first, key)
  }
  const parts = new Map<string, HistoryOperation<Input, Output>[]>()
  for (const [i, operation] of operations.entries()) {
    const group = groups.of(keys[i]?.[0] ?? '')
    const part = parts.get(group)
    if (part === undefined) parts.set(group, [operation])
    else part.push(operation)
  }
  return [...parts.values()]
}

/** Which keys belong together: each is named after one of its group. */
class Groups {
  readonly #above = new Map<string, string>()

  of(key: string): string {
    let at = key
    for (let above = this.#above.get(at); above !== undefined; above = this.#above.get(at)) at = above
    // The next one who asks has a shorter way.
    if (at !== key) this.#above.set(key, at)
    return at
  }

  join(a: string, b: string): void {
    const [from, to] = [this.of(a), this.of(b)]
    if (from !== to) this.#above.set(from, to)
  }
}
