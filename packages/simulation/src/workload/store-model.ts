import type { SequentialModel } from '@raft/simulator'
import type { KnownRevisions } from './known-revisions.js'
import { changedAt, type Input, type Output, revisionOf } from './operations.js'
import { StoreRules, type StoreState } from './store-state.js'
import type { Values } from './values.js'
import { Words } from './words.js'

/**
 * The whole store as one object. Its revision is one counter for all keys, so a history by key would leave open which revision a write
 * of unknown outcome had, and transactions and ranges join most keys anyway; while for the whole each answer says at which revision it
 * belongs, so that the search hardly ever has a choice.
 *
 * The model is of one history: it knows what the answers say about the writes that were not answered.
 */
export function storeModel(known: KnownRevisions, keys: readonly string[], values: Values): SequentialModel<StoreState, Input, Output> {
  const rules = new StoreRules(keys, values)
  const words = new Words(rules, values)

  const stepUnknown = (state: StoreState, input: Input) => {
    if (!known.mayBe(input, state.revision + 1)) return null
    const after = rules.apply(state, input).state
    const fits = (key: string, i: number) =>
      after.held[i] === state.held[i] ? !known.mustChange(key, after.revision) : known.mayChange(key, after.revision, after.held[i] ?? null)
    return after === state || rules.keys.every(fits) ? after : null
  }

  const isGone = (state: StoreState, input: Input, modRevision: number | null) =>
    modRevision !== null &&
    modRevision <= state.revision &&
    input.kind === 'get' &&
    rules.held(state, input.key)?.modRevision !== modRevision

  return {
    initial: rules.initial,
    step(state, input, output) {
      if (output === undefined) return stepUnknown(state, input)
      // Most answers belong elsewhere, and what they show says so.
      const revision = revisionOf(output)
      const here = state.revision + (changedAt(output) === null ? 0 : 1)
      if (revision === null ? here < known.earliest(input, output) : here !== revision) return null
      const right = rules.apply(state, input)
      return isSame(right.output, output) ? right.state : null
    },
    isTooLate(state, input, output) {
      // One revision is one state: where an answer does not fit into its own, it never does.
      const revision = revisionOf(output)
      if (revision !== null) return revision <= state.revision + (changedAt(output) === null ? 0 : 1)
      // What was put at a revision is not put again: once it is gone it stays away.
      if (output.kind === 'get' && output.held !== null) return isGone(state, input, output.held.modRevision)
      if (output.kind === 'value' && output.value !== null) return isGone(state, input, known.revisionOf(output.value))
      return false
    },
    isRead: (_input, output) => changedAt(output) === null,
    hash: ({ revision, hash }) => hash ^ Math.imul(revision, 0x85eb_ca6b),
    equals: (a, b) => a.revision === b.revision && a.hash === b.hash && isSame(a.held, b.held),
    describe: (input, output) => words.operation(input, output),
    describeState: (state, input) => words.answer(rules.apply(state, input).output, state.revision),
  }
}

/** Of plain objects, arrays and values in them. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => isSame(item, b[i]))
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => isSame(Reflect.get(a, name), Reflect.get(b, name)))
}
