import { DEFAULT_RANGE_LIMIT, MAX_RANGE_BYTES, MAX_RANGE_LIMIT } from '@raft/commands'
import type { Condition, Held, HeldUnder, Input, Output, Range, Step, StepOutput, Transaction } from './operations.js'
import type { Values } from './values.js'

/** What an entry of a range counts for besides its key and value, as docs/formats.md has it. */
const ENTRY_OVERHEAD_BYTES = 32

/** The key-value store as it should be, and nothing of how it is made. States are never changed. */
export interface StoreState {
  readonly revision: number
  /** By the number of the key, in the order of their bytes. */
  readonly held: readonly (Held | null)[]
  readonly hash: number
}

/** What the operations do, written from the README of @raft/state-machine. */
export class StoreRules {
  /** In the order of their bytes. */
  readonly keys: readonly string[]
  readonly initial: StoreState
  readonly #values: Values
  readonly #numbers: ReadonlyMap<string, number>

  /** @param keys all that there are, in any order */
  constructor(keys: readonly string[], values: Values) {
    this.keys = [...keys].sort((a, b) => (a < b ? -1 : 1))
    this.initial = { revision: 0, held: this.keys.map(() => null), hash: 0 }
    this.#numbers = new Map(this.keys.map((key, number) => [key, number]))
    this.#values = values
  }

  held(state: StoreState, key: string): Held | null {
    return state.held[this.number(key)] ?? null
  }

  number(key: string): number {
    return this.#numbers.get(key) ?? -1
  }

  /** The state after the operation, the same object if it changes nothing, and what is answered. */
  apply(state: StoreState, input: Input): { readonly state: StoreState; readonly output: Output } {
    switch (input.kind) {
      case 'put': {
        const { held, state: after } = this.#put(state, input.key, input.value, state.revision + 1)
        return { state: after, output: { kind: 'put', ...versions(held) } }
      }
      case 'delete': {
        const after = this.#delete(state, input.key, state.revision + 1)
        return { state: after, output: { kind: 'delete', deleted: after !== state, revision: after.revision } }
      }
      case 'compareAndSet':
        return this.#compareAndSet(state, input)
      case 'get': {
        const held = this.held(state, input.key)
        return { state, output: input.how === 'getEntry' ? { kind: 'get', held } : { kind: 'value', value: held?.value ?? null } }
      }
      case 'range': {
        const found = this.#range(state, input.range)
        if (input.how === 'range') return { state, output: { kind: 'entries', entries: found.entries } }
        return { state, output: { kind: 'range', ...found, revision: state.revision } }
      }
      case 'transaction':
        return this.#transaction(state, input)
    }
  }

  #compareAndSet(state: StoreState, { key, prevRevision, value }: Extract<Input, { kind: 'compareAndSet' }>) {
    const kind = 'compareAndSet' as const
    const modRevision = this.held(state, key)?.modRevision ?? 0
    if (modRevision !== prevRevision) return { state, output: { kind, succeeded: false, revision: state.revision, modRevision } }
    const revision = state.revision + 1
    const { state: after } = this.#put(state, key, value, revision)
    return { state: after, output: { kind, succeeded: true, revision, modRevision: revision } }
  }

  #transaction(before: StoreState, { conditions, thenSteps, elseSteps }: Transaction): { state: StoreState; output: Output } {
    const succeeded = conditions.every((condition) => this.#holds(before, condition))
    const revision = before.revision + 1
    const results: StepOutput[] = []
    let state = before
    for (const step of succeeded ? thenSteps : elseSteps) {
      const done = this.#step(state, step, revision)
      state = done.state
      results.push(done.output)
    }
    return { state, output: { kind: 'transaction', succeeded, revision: state.revision, results } }
  }

  #step(state: StoreState, step: Step, revision: number): { state: StoreState; output: StepOutput } {
    switch (step.kind) {
      case 'put': {
        const { held, state: after } = this.#put(state, step.key, step.value, revision)
        return { state: after, output: { kind: 'put', ...versions(held) } }
      }
      case 'delete': {
        const after = this.#delete(state, step.key, revision)
        return { state: after, output: { kind: 'delete', deleted: after !== state } }
      }
      case 'get':
        return { state, output: { kind: 'get', held: this.held(state, step.key) } }
      case 'range':
        return { state, output: { kind: 'range', ...this.#range(state, step.range) } }
    }
  }

  #put(state: StoreState, key: string, value: number, revision: number): { held: Held; state: StoreState } {
    const before = this.held(state, key)
    const held = {
      value,
      createRevision: before === null ? revision : before.createRevision,
      modRevision: revision,
      version: before === null ? 1 : before.version + 1,
    }
    return { held, state: this.#with(state, key, held, revision) }
  }

  #delete(state: StoreState, key: string, revision: number): StoreState {
    return this.held(state, key) === null ? state : this.#with(state, key, null, revision)
  }

  #with(state: StoreState, key: string, held: Held | null, revision: number): StoreState {
    const number = this.number(key)
    const all = [...state.held]
    all[number] = held
    return { revision, held: all, hash: state.hash ^ hashOf(number, this.held(state, key)) ^ hashOf(number, held) }
  }

  #range(state: StoreState, { prefix, after, limit }: Range): { entries: HeldUnder[]; more: boolean } {
    const most = Math.min(limit === 0 ? DEFAULT_RANGE_LIMIT : limit, MAX_RANGE_LIMIT)
    const entries: HeldUnder[] = []
    let bytes = 0
    for (const [number, key] of this.keys.entries()) {
      const held = state.held[number] ?? null
      if (held === null || !key.startsWith(prefix) || (after !== null && key <= after)) continue
      bytes += key.length + this.#values.length(held.value) + ENTRY_OVERHEAD_BYTES
      if (entries.length === most || (bytes > MAX_RANGE_BYTES && entries.length > 0)) return { entries, more: true }
      entries.push({ key, ...held })
    }
    return { entries, more: false }
  }

  #holds(state: StoreState, { key, target, relation, operand }: Condition): boolean {
    const held = this.held(state, key)
    if (target === 'value' && held === null) return relation === 'notEqual'
    const difference = target === 'value' ? this.#values.compare(held?.value ?? 0, operand) : (held?.[target] ?? 0) - operand
    if (relation === 'equal') return difference === 0
    if (relation === 'notEqual') return difference !== 0
    return relation === 'less' ? difference < 0 : difference > 0
  }
}

function versions({ createRevision, modRevision, version }: Held): Omit<Held, 'value'> {
  return { createRevision, modRevision, version }
}

function hashOf(number: number, held: Held | null): number {
  if (held === null) return 0
  const { value, createRevision, modRevision, version } = held
  let hash = number + 1
  for (const part of [value, createRevision, modRevision, version]) hash = Math.imul(hash ^ part, 0x0100_0193) ^ (hash >>> 15)
  return hash
}
