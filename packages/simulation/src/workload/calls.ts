import type {
  CallOptions,
  Condition as ClientCondition,
  Entry,
  RaftClient,
  RangeSelection,
  TransactionInput,
  TransactionStep,
  TransactionStepResult,
} from '@raft/client'
import { encodeCompareAndSet, encodeDelete, encodePut, encodeTransaction } from '@raft/state-machine'
import { toCommand } from '../server/embedded-client.js'
import type { Condition, Consistency, HeldUnder, Input, Output, Range, Step, StepOutput, Transaction } from './operations.js'
import type { Values } from './values.js'

/** What the workload asks of a client. */
export type StoreClient = Pick<
  RaftClient<Uint8Array>,
  'put' | 'delete' | 'compareAndSet' | 'get' | 'getEntry' | 'page' | 'range' | 'transaction' | 'close'
>

/** Asks a client for what was drawn, and says what it was told in the words of the history. */
export class Calls {
  readonly #values: Values

  constructor(values: Values) {
    this.#values = values
  }

  /** Rejects as the client does. */
  async call(client: StoreClient, input: Input, options: CallOptions): Promise<Output> {
    switch (input.kind) {
      case 'put':
        return { kind: 'put', ...(await client.put(toBytes(input.key), this.#values.bytes(input.value), options)) }
      case 'delete':
        return { kind: 'delete', ...(await client.delete(toBytes(input.key), options)) }
      case 'compareAndSet': {
        const { key, prevRevision, value } = input
        return { kind: 'compareAndSet', ...(await client.compareAndSet(toBytes(key), prevRevision, this.#values.bytes(value), options)) }
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
        return encodeTransaction(toCommand(this.#toTransaction(input)))
      default:
        return null
    }
  }

  async #get(client: StoreClient, { how, key, consistency }: Extract<Input, { kind: 'get' }>, options: CallOptions): Promise<Output> {
    if (how === 'getEntry') {
      const entry = await client.getEntry(toBytes(key), withConsistency(options, consistency))
      return { kind: 'get', held: entry === undefined ? null : this.#held(entry) }
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

  #toTransaction({ conditions, thenSteps, elseSteps }: Transaction): TransactionInput<Uint8Array> {
    return {
      if: conditions.map((condition) => this.#toCondition(condition)),
      do: thenSteps.map((step) => this.#toStep(step)),
      else: elseSteps.map((step) => this.#toStep(step)),
    }
  }

  #toCondition({ key, target, relation, operand }: Condition): ClientCondition<Uint8Array> {
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

  #toStep(step: Step): TransactionStep<Uint8Array> {
    switch (step.kind) {
      case 'put':
        return { put: toBytes(step.key), value: this.#values.bytes(step.value) }
      case 'delete':
        return { delete: toBytes(step.key) }
      case 'get':
        return { get: toBytes(step.key) }
      case 'range':
        return { range: toSelection(step.range) }
    }
  }

  #result(result: TransactionStepResult<Uint8Array>): StepOutput {
    switch (result.kind) {
      case 'get':
        return { kind: 'get', held: result.entry === undefined ? null : this.#held(result.entry) }
      case 'range':
        return { kind: 'range', entries: result.entries.map((entry) => this.#heldUnder(entry)), more: result.more }
      default:
        return result
    }
  }

  #held({ value, createRevision, modRevision, version }: Entry<Uint8Array>) {
    return { value: this.#values.numberOf(value), createRevision, modRevision, version }
  }

  #heldUnder(entry: Entry<Uint8Array>): HeldUnder {
    return { key: Buffer.from(entry.keyBytes).toString('latin1'), ...this.#held(entry) }
  }
}

function toSelection({ prefix, after, limit }: Range): RangeSelection {
  return { prefix: toBytes(prefix), ...(after === null ? {} : { after: toBytes(after) }), ...(limit === 0 ? {} : { limit }) }
}

function withConsistency(options: CallOptions, consistency: Consistency) {
  return { ...options, consistency }
}

function toBytes(key: string): Uint8Array {
  return Buffer.from(key, 'latin1')
}
