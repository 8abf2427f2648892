/** Keys are strings of one character a byte; values are the numbers that `Values` gives them. */

export interface Range {
  readonly prefix: string
  readonly after: string | null
  /** 0: as many as the store gives. */
  readonly limit: number
}

export type Step =
  | { readonly kind: 'put'; readonly key: string; readonly value: number }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'get'; readonly key: string }
  | { readonly kind: 'range'; readonly range: Range }

export type Relation = 'equal' | 'notEqual' | 'less' | 'greater'

export interface Condition {
  readonly key: string
  readonly target: 'value' | 'createRevision' | 'modRevision' | 'version'
  readonly relation: Relation
  readonly operand: number
}

export interface Transaction {
  readonly kind: 'transaction'
  readonly conditions: readonly Condition[]
  readonly thenSteps: readonly Step[]
  readonly elseSteps: readonly Step[]
}

export type Consistency = 'linearizable' | 'lease' | 'local'

/** What a client asks for. `how` names the client's method where several ask for the same. */
export type Input =
  | { readonly kind: 'put'; readonly key: string; readonly value: number }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'compareAndSet'; readonly key: string; readonly prevRevision: number; readonly value: number }
  | { readonly kind: 'get'; readonly how: 'get' | 'getEntry'; readonly key: string; readonly consistency: Consistency }
  | { readonly kind: 'range'; readonly how: 'page' | 'range'; readonly range: Range; readonly consistency: Consistency }
  | Transaction

/** What is stored under a key. */
export interface Held {
  readonly value: number
  readonly createRevision: number
  readonly modRevision: number
  readonly version: number
}

export interface HeldUnder extends Held {
  readonly key: string
}

export type Versions = Omit<Held, 'value'>

export type StepOutput =
  | ({ readonly kind: 'put' } & Versions)
  | { readonly kind: 'delete'; readonly deleted: boolean }
  | { readonly kind: 'get'; readonly held: Held | null }
  | { readonly kind: 'range'; readonly entries: readonly HeldUnder[]; readonly more: boolean }

/** What a client was told. */
export type Output =
  | ({ readonly kind: 'put' } & Versions)
  | { readonly kind: 'delete'; readonly deleted: boolean; readonly revision: number }
  | { readonly kind: 'compareAndSet'; readonly succeeded: boolean; readonly revision: number; readonly modRevision: number }
  | { readonly kind: 'get'; readonly held: Held | null }
  /** Of `get`: the value alone, null if there is none. */
  | { readonly kind: 'value'; readonly value: number | null }
  | { readonly kind: 'range'; readonly entries: readonly HeldUnder[]; readonly more: boolean; readonly revision: number }
  /** Of `range`: the entries alone. */
  | { readonly kind: 'entries'; readonly entries: readonly HeldUnder[] }
  | { readonly kind: 'transaction'; readonly succeeded: boolean; readonly revision: number; readonly results: readonly StepOutput[] }

/** The store's revision at which the operation changed something; null if it says that it changed nothing. */
export function changedAt(output: Output): number | null {
  switch (output.kind) {
    case 'put':
      return output.modRevision
    case 'delete':
      return output.deleted ? output.revision : null
    case 'compareAndSet':
      return output.succeeded ? output.revision : null
    case 'transaction':
      return output.results.some((step) => step.kind === 'put' || (step.kind === 'delete' && step.deleted)) ? output.revision : null
    default:
      return null
  }
}

/** The store's revision when the operation was carried out, after it; null where the answer does not tell. */
export function revisionOf(output: Output): number | null {
  if (output.kind === 'put') return output.modRevision
  return 'revision' in output ? output.revision : null
}

/** Everything that the answer shows under a key. */
export function shownBy(input: Input, output: Output): readonly HeldUnder[] {
  switch (output.kind) {
    case 'put':
      return input.kind === 'put' ? [{ ...output, key: input.key, value: input.value }] : []
    case 'get':
      return input.kind === 'get' && output.held !== null ? [{ ...output.held, key: input.key }] : []
    case 'range':
    case 'entries':
      return output.entries
    case 'transaction':
      return input.kind === 'transaction' ? shownByTransaction(input, output) : []
    default:
      return []
  }
}

function shownByTransaction(input: Transaction, { succeeded, results }: Extract<Output, { kind: 'transaction' }>): HeldUnder[] {
  const steps = succeeded ? input.thenSteps : input.elseSteps
  return results.flatMap((result, i): readonly HeldUnder[] => {
    const step = steps[i]
    if (result.kind === 'range') return result.entries
    if (result.kind === 'get' && step?.kind === 'get') return result.held === null ? [] : [{ ...result.held, key: step.key }]
    return []
  })
}

/** The values that it would write. */
export function valuesOf(input: Input): readonly number[] {
  if (input.kind === 'put' || input.kind === 'compareAndSet') return [input.value]
  if (input.kind !== 'transaction') return []
  return [...input.thenSteps, ...input.elseSteps].flatMap((step) => (step.kind === 'put' ? [step.value] : []))
}

export function isWrite({ kind }: Input): boolean {
  return kind !== 'get' && kind !== 'range'
}
