import type { HistoryOperation } from '@raft/simulator'
import { neededChanges } from './needed-changes.js'
import { changedAt, type Held, type Input, type Output, revisionOf, shownBy, valuesOf } from './operations.js'
import { StillKeys } from './still-keys.js'
import type { Values } from './values.js'

type Done = HistoryOperation<Input, Output> & { readonly output: Output }

/**
 * What the answers say about writes of unknown outcome, so that the search for an order need not guess. All of it holds in every order
 * that the model allows, so nothing is lost:
 * - what changes the store takes a revision of its own, so no unknown write has a revision that an answer speaks of;
 * - a value that one write alone can have brought, seen with a revision, tells that write's;
 * - a key that was there, and then was created, was deleted in between;
 * - a key that was seen later as it was put, or was put as often as its version says, was not changed in between.
 */
export class KnownRevisions {
  /** Of values that one write alone can have brought. */
  readonly #ofValue = new Map<number, number>()
  readonly #ofUnknown = new Map<Input, number>()
  readonly #taken = new Set<number>()
  readonly #earliest = new Map<Output, number>()
  readonly #keys = new StillKeys()
  readonly #deletes = new Map<string, number[]>()
  readonly #needed: ReadonlyMap<number, ReadonlySet<string>>

  constructor(history: readonly HistoryOperation<Input, Output>[], values: Values) {
    const done = history.filter((one): one is Done => one.output !== undefined)
    for (const { input, output } of done)
      for (const { value, modRevision } of shownBy(input, output)) if (values.isUnique(value)) this.#ofValue.set(value, modRevision)
    for (const [one, floor] of this.#withFloors(done)) this.#learn(one, floor)
    for (const { input, output } of history) if (output === undefined) this.#findUnknown(input)
    this.#needed = neededChanges(this.#keys.all(), this.#deletes, this.#taken)
  }

  /** At which revision the value was written; null if that is not known, or may have been more than once. */
  revisionOf(value: number): number | null {
    return this.#ofValue.get(value) ?? null
  }

  /** The lowest revision of the store, after the operation, at which the answer can be right. */
  earliest(input: Input, output: Output): number {
    const found = this.#earliest.get(output) ?? this.#highestShown(input, output)
    this.#earliest.set(output, found)
    return found
  }

  /** Whether a write of unknown outcome can have had this revision. */
  mayBe(input: Input, revision: number): boolean {
    const known = this.#ofUnknown.get(input)
    return known === undefined ? !this.#taken.has(revision) : known === revision
  }

  /** Whether a write of unknown outcome can have changed the key at this revision to this; null: deleted it. */
  mayChange(key: string, revision: number, held: Held | null): boolean {
    return this.#keys.mayChange(key, revision) && (held === null || this.#keys.fits(key, held))
  }

  /** Whether a write of unknown outcome at this revision must have changed the key. */
  mustChange(key: string, revision: number): boolean {
    return this.#needed.get(revision)?.has(key) === true
  }

  #highestShown(input: Input, output: Output): number {
    if (output.kind === 'value') return output.value === null ? 0 : (this.revisionOf(output.value) ?? 0)
    return shownBy(input, output).reduce((highest, { modRevision }) => Math.max(highest, modRevision), revisionOf(output) ?? 0)
  }

  /** Each operation with a revision that the store had reached when it was called. */
  *#withFloors(done: readonly Done[]): Generator<[Done, number]> {
    const byReturn = [...done].sort((a, b) => a.return - b.return)
    let returned = 0
    let floor = 0
    for (const one of [...done].sort((a, b) => a.call - b.call)) {
      for (let other = byReturn[returned]; other !== undefined && other.return < one.call; other = byReturn[++returned])
        floor = Math.max(floor, this.earliest(other.input, other.output))
      yield [one, floor]
    }
  }

  #learn({ input, output }: Done, floor: number): void {
    const changed = changedAt(output)
    if (changed !== null) this.#taken.add(changed)
    if (changed !== null) this.#noteDeletes(input, changed)
    for (const key of keysPut(input, output)) this.#keys.put(key, changed ?? 0)
    // What a transaction reads and writes has one revision; what it reads may be from just before it.
    const until = changed ?? Math.max(floor, revisionOf(output) ?? 0) + 1
    for (const shown of shownBy(input, output)) this.#keys.show(shown, until, output.kind === 'transaction')
  }

  /** More than there were, perhaps: of a transaction all that it could do. */
  #noteDeletes(input: Input, revision: number): void {
    const steps = input.kind === 'transaction' ? [...input.thenSteps, ...input.elseSteps] : [input]
    for (const step of steps) {
      if (step.kind !== 'delete') continue
      const deletes = this.#deletes.get(step.key) ?? []
      deletes.push(revision)
      this.#deletes.set(step.key, deletes)
    }
  }

  #findUnknown(input: Input): void {
    const seen = valuesOf(input).find((value) => this.#ofValue.has(value))
    const revision = seen === undefined ? null : this.revisionOf(seen)
    if (revision === null) return
    this.#ofUnknown.set(input, revision)
    this.#noteDeletes(input, revision)
    this.#taken.add(revision)
  }
}

/** Keys that the operation has put, by what was answered. */
function keysPut(input: Input, output: Output): readonly string[] {
  if (output.kind === 'compareAndSet') return output.succeeded && input.kind === 'compareAndSet' ? [input.key] : []
  if (output.kind !== 'transaction' || input.kind !== 'transaction') return []
  return (output.succeeded ? input.thenSteps : input.elseSteps).flatMap((step) => (step.kind === 'put' ? [step.key] : []))
}
