import type { Condition, Held, HeldUnder, Input, Output, Range, Step, StepOutput } from './operations.js'
import type { StoreRules } from './store-state.js'
import type { Values } from './values.js'

/** How many entries of a range are written out. */
const SHOWN = 6
const SYMBOLS = { equal: '=', notEqual: '≠', less: '<', greater: '>' } as const

/** Operations and answers for people to read. */
export class Words {
  readonly #rules: StoreRules
  readonly #values: Values

  constructor(rules: StoreRules, values: Values) {
    this.#rules = rules
    this.#values = values
  }

  operation(input: Input, output: Output | undefined): string {
    return `${this.input(input)} -> ${output === undefined ? 'unknown' : this.answer(output, null)}`
  }

  input(input: Input): string {
    switch (input.kind) {
      case 'compareAndSet':
        return `compareAndSet ${name(input.key)} at ${input.prevRevision} to ${this.#values.describe(input.value)}`
      case 'get':
        return `${input.how} ${name(input.key)}${input.consistency === 'linearizable' ? '' : `, ${input.consistency}`}`
      case 'range':
        return `${input.how} ${range(input.range)}${input.consistency === 'linearizable' ? '' : `, ${input.consistency}`}`
      case 'transaction': {
        const steps = (all: readonly Step[]) => all.map((step) => this.#step(step)).join('; ') || 'nothing'
        const conditions = input.conditions.map((condition) => this.#condition(condition)).join(' and ') || 'true'
        return `if ${conditions} then ${steps(input.thenSteps)} else ${steps(input.elseSteps)}`
      }
      default:
        return this.#step(input)
    }
  }

  /** @param revision of the store, where the answer does not tell. */
  answer(output: Output, revision: number | null): string {
    const at = revision === null ? '' : `, the store at revision ${revision}`
    switch (output.kind) {
      case 'compareAndSet':
        return `${output.succeeded ? 'done' : 'lost'}, key at ${output.modRevision}, store at ${output.revision}`
      case 'delete':
        return `${output.deleted ? 'deleted' : 'not there'}, store at ${output.revision}`
      case 'value':
        return `${output.value === null ? 'nothing' : this.#values.describe(output.value)}${at}`
      case 'range':
        return `${this.#entries(output)}, store at ${output.revision}`
      case 'entries':
        return `${this.#entries({ ...output, more: false })}${at}`
      case 'transaction':
        return `${output.succeeded ? 'then' : 'else'} [${output.results.map((step) => this.#result(step)).join('; ')}], store at ${output.revision}`
      default:
        return `${this.#result(output)}${at}`
    }
  }

  #step(step: Step): string {
    if (step.kind === 'range') return `range ${range(step.range)}`
    return step.kind === 'put' ? `put ${name(step.key)} ${this.#values.describe(step.value)}` : `${step.kind} ${name(step.key)}`
  }

  #condition({ key, target, relation, operand }: Condition): string {
    return `${target} of ${name(key)} ${SYMBOLS[relation]} ${target === 'value' ? this.#values.describe(operand) : operand}`
  }

  #result(step: StepOutput): string {
    switch (step.kind) {
      case 'put':
        return `created ${step.createRevision}, put ${step.modRevision}, version ${step.version}`
      case 'delete':
        return step.deleted ? 'deleted' : 'not there'
      case 'get':
        return step.held === null ? 'nothing' : this.#held(step.held)
      case 'range':
        return this.#entries(step)
    }
  }

  #held({ value, createRevision, modRevision, version }: Held): string {
    return `${this.#values.describe(value)}, created ${createRevision}, put ${modRevision}, version ${version}`
  }

  #entries({ entries, more }: { readonly entries: readonly HeldUnder[]; readonly more: boolean }): string {
    const shown = entries
      .slice(0, SHOWN)
      .map((entry) => `${this.#rules.number(entry.key) < 0 ? 'unknown key ' : ''}${name(entry.key)}: ${this.#held(entry)}`)
    const rest = entries.length > SHOWN ? [`${entries.length - SHOWN} others`] : []
    return `{${[...shown, ...rest].join(' | ')}}${more ? ' and more' : ''}`
  }
}

function range({ prefix, after, limit }: Range): string {
  return `${name(prefix)}*${after === null ? '' : ` after ${name(after)}`}${limit === 0 ? '' : ` limit ${limit}`}`
}

/** Long keys are cut, and what cannot be shown is written as its code. */
export function name(key: string): string {
  const cut = key.length > 24 ? `${key.slice(0, 20)}…${key.length}` : key
  return cut.replace(/[^\x21-\x7e…]/g, (letter) => `\\x${letter.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
