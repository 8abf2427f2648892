import {
  type CallOptions,
  type Compare,
  type Entry,
  encodeCompareAndSet,
  encodeDelete,
  encodePut,
  encodeTransaction,
  type StepResult,
  type Store,
  type Range as StoreRange,
  type Step as StoreStep,
  type Transaction as StoreTransaction,
} from '@raft/commands'
import type { Condition, Consistency, HeldUnder, Input, Output, Range, Step, StepOutput, Transaction, Versions } from './operations.js'
import type { Values } from './values.js'

/** What the workload asks of a client. */
export interface StoreClient extends Store<Uint8Array> {
  close(): Promise<void>
}

/** Asks a client for what was drawn, and says what it was told in the words of the history. */
export class Calls {
  readonly #values: Values

  constructor(values: Values) {
    this.#values = values
  }

  /** Rejects as the client does. */
  async call(client: StoreClient, input: Input, options: CallOptions): Promise<Output> {
    switch (input.kind) {
      case 'put': {
        const result = await client.put(toBytes(input.key), this.#values.bytes(input.value), options)
        return { kind: 'put', ...versionsOf(result) }
      }
      case 'delete': {
        const { revision, deleted } = await client.delete(toBytes(input.key), options)
        return { kind: 'delete', revision, deleted }
      }
      case 'compareAndSet': {
        const { key, prevRevision, value } = input
        const result = await client.compareAndSet(toBytes(key), prevRevision, this.#values.bytes(value), options)
        return { kind: 'compareAndSet', succeeded: result.succeeded, revision: result.revision, modRevision: result.modRevision }
      }
      case 'get':
        return this.#get(client, input, options)
      case 'range':
        return this.#range(client, input, options)
      case 'transaction':
        return this.#transaction(client, input, options)
    }
  }

  /** The command that a write is in the log; null for a read. */
  command(input: Input): Uint8Array | null {
    switch (input.kind) {
      case 'put':
        return encodePut(toBytes(input.key), this.#values.bytes(input.value))
      case 'delete':
        return encodeDelete(toBytes(input.key))
      case 'compareAndSet':
        return encodeCompareAndSet(toBytes(input.key), input.prevRevision, this.#values.bytes(input.value))
      case 'transaction':
        return encodeTransaction(this.#toTransaction(input))
      default:
        return null
    }
  }

  async #get(client: StoreClient, { how, key, consistency }: Extract<Input, { kind: 'get' }>, options: CallOptions): Promise<Output> {
    if (how === 'getEntry') {
      const entry = await client.getEntry(toBytes(key), withConsistency(options, consistency))
      return { kind: 'get', held: entry === null ? null : this.#held(entry) }
    }
    const value = await client.get(toBytes(key), withConsistency(options, consistency))
    return { kind: 'value', value: value === undefined ? null : this.#values.numberOf(value) }
  }

  async #range(client: StoreClient, { how, range, consistency }: Extract<Input, { kind: 'range' }>, options: CallOptions): Promise<Output> {
    const selection = { ...toSelection(range), ...withConsistency(options, consistency) }
    if (how === 'page') {
      const { revision, entries, more } = await client.page(selection)
      return { kind: 'range', entries: entries.map((entry) => this.#heldUnder(entry)), more, revision }
    }
    const entries: HeldUnder[] = []
    for await (const entry of client.range(selection)) entries.push(this.#heldUnder(entry))
    return { kind: 'entries', entries }
  }

  async #transaction(client: StoreClient, transaction: Transaction, options: CallOptions): Promise<Output> {
    const { revision, succeeded, results } = await client.transaction(this.#toTransaction(transaction), options)
    return { kind: 'transaction', revision, succeeded, results: results.map((result) => this.#result(result)) }
  }

  #toTransaction({ conditions, thenSteps, elseSteps }: Transaction): StoreTransaction {
    return {
      compare: conditions.map((condition) => this.#toCondition(condition)),
      success: thenSteps.map((step) => this.#toStep(step)),
      failure: elseSteps.map((step) => this.#toStep(step)),
    }
  }

  #toCondition({ key, target, relation, operand }: Condition): Compare {
    const common = { key: toBytes(key), relation }
    switch (target) {
      case 'value':
        return { ...common, value: this.#values.bytes(operand) }
      case 'createRevision':
        return { ...common, createRevision: operand }
      case 'modRevision':
        return { ...common, modRevision: operand }
      case 'version':
        return { ...common, version: operand }
    }
  }

  #toStep(step: Step): StoreStep {
    switch (step.kind) {
      case 'put':
        return { type: 'put', key: toBytes(step.key), value: this.#values.bytes(step.value) }
      case 'delete':
        return { type: 'delete', key: toBytes(step.key) }
      case 'get':
        return { type: 'get', key: toBytes(step.key) }
      case 'range':
        return { type: 'range', ...toSelection(step.range) }
    }
  }

  #result(result: StepResult<Entry<Uint8Array>>): StepOutput {
    switch (result.type) {
      case 'put':
        return { kind: 'put', ...versionsOf(result) }
      case 'delete':
        return { kind: 'delete', deleted: result.deleted }
      case 'get':
        return { kind: 'get', held: result.entry === null ? null : this.#held(result.entry) }
      case 'range':
        return { kind: 'range', entries: result.entries.map((entry) => this.#heldUnder(entry)), more: result.more }
    }
  }

  #held(entry: Entry<Uint8Array>) {
    return { value: this.#values.numberOf(entry.value), ...versionsOf(entry) }
  }

  #heldUnder(entry: Entry<Uint8Array>): HeldUnder {
    return { key: Buffer.from(entry.keyBytes).toString('latin1'), ...this.#held(entry) }
  }
}

function versionsOf({ createRevision, modRevision, version }: Versions): Versions {
  return { createRevision, modRevision, version }
}

function toSelection({ prefix, after, limit }: Range): StoreRange {
  return { prefix: toBytes(prefix), ...(after === null ? {} : { after: toBytes(after) }), ...(limit === 0 ? {} : { limit }) }
}

function withConsistency(options: CallOptions, consistency: Consistency) {
  return { ...options, consistency }
}

function toBytes(key: string): Uint8Array {
  return Buffer.from(key, 'latin1')
}
