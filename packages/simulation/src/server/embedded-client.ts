import {
  type CallOptions,
  type Clock,
  ClosedError,
  OutcomeUnknownError,
  OverloadedError,
  type Page,
  type RangeOptions,
  type ReadOptions,
  RefusedError,
  type RequestError,
  TimeoutError,
  type TransactionInput,
  type TransactionResult,
  type TransactionStep,
  type TransactionStepResult,
} from '@raft/client'
import * as core from '@raft/core'
import type { Done, KeyValueService } from '@raft/node/endpoint'
import {
  type Compare,
  encodeCompareAndSet,
  encodeDelete,
  encodePut,
  encodeTransaction,
  type KeyValue,
  type StepResult,
  type TransactionCommand,
} from '@raft/state-machine'
import type { StoreClient } from '../workload/calls.js'
import type { Punctuality } from '../workload/punctuality.js'

type Bytes = Uint8Array

/** A member's service, and the clock of its process. */
export interface HostedService {
  readonly service: KeyValueService
  readonly clock: Clock
}

/** A program in which a member is embedded: it asks that member, which carries its requests to whoever leads. */
export class EmbeddedClient implements StoreClient {
  readonly #serviceOf: () => HostedService | null
  readonly #timeout: number
  readonly #punctuality: Punctuality
  /** What to tell those who wait when their process ends. */
  readonly #waiting = new Set<() => void>()

  /**
   * @param serviceOf the member's service; null while its process does not run
   * @param timeout of calls that have none of their own; ms
   */
  constructor(serviceOf: () => HostedService | null, timeout: number, punctuality: Punctuality) {
    this.#serviceOf = serviceOf
    this.#timeout = timeout
    this.#punctuality = punctuality
  }

  /** Calls that are not answered. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** The process is gone, and this program with it: nobody knows what became of what it asked for. */
  ended(): void {
    for (const fail of this.#waiting) fail()
    this.#waiting.clear()
  }

  async put(key: Bytes, value: Bytes, options: CallOptions = {}) {
    const { createRevision, modRevision, version } = expect('put', await this.#write(encodePut(key, value), options))
    return { createRevision, modRevision, version }
  }

  async delete(key: Bytes, options: CallOptions = {}) {
    const { revision, deleted } = expect('delete', await this.#write(encodeDelete(key), options))
    return { revision, deleted }
  }

  async compareAndSet(key: Bytes, prevRevision: number, value: Bytes, options: CallOptions = {}) {
    const done = await this.#write(encodeCompareAndSet(key, prevRevision, value), options)
    const { succeeded, revision, modRevision } = expect('compareAndSet', done)
    return { succeeded, revision, modRevision }
  }

  async get(key: Bytes, options: ReadOptions = {}) {
    return (await this.getEntry(key, options))?.value
  }

  async getEntry(key: Bytes, { consistency = 'linearizable', ...options }: ReadOptions = {}) {
    const { entry } = await this.#ask((service, timeout) => service.get(key, consistency, timeout), options)
    return entry === null ? undefined : toEntry(entry)
  }

  async page({ prefix, after, limit, consistency = 'linearizable', ...options }: RangeOptions = {}): Promise<Page<Bytes>> {
    const request = {
      ...(prefix === undefined ? {} : { prefix: prefix as Bytes }),
      ...(after === undefined ? {} : { after: after as Bytes }),
      ...(limit === undefined ? {} : { limit }),
    }
    const { revision, entries, more } = await this.#ask((service, timeout) => service.range(request, consistency, timeout), options)
    return { revision, entries: entries.map(toEntry), more }
  }

  /** There are not so many keys that one page would not hold them. */
  async *range(options: RangeOptions = {}) {
    yield* (await this.page(options)).entries
  }

  async transaction(input: TransactionInput<Bytes>, options: CallOptions = {}): Promise<TransactionResult<Bytes>> {
    const { revision, succeeded, results } = expect('transaction', await this.#write(encodeTransaction(toCommand(input)), options))
    return { revision, succeeded, results: results.map(toStepResult) }
  }

  async close(): Promise<void> {
    this.ended()
  }

  #write(command: Bytes, options: CallOptions): Promise<Done> {
    return this.#ask((service, timeout) => service.write(command, timeout), options)
  }

  #ask<T>(ask: (service: KeyValueService, timeout: number) => Promise<T>, { timeout = this.#timeout }: CallOptions): Promise<T> {
    const hosted = this.#serviceOf()
    if (hosted === null) return Promise.reject(new ClosedError())
    return new Promise((resolve, reject) => {
      const fail = () => reject(new OutcomeUnknownError('the process ended'))
      const isPunctual = this.#punctuality.begin(hosted.clock, timeout, 'a call of a client in a member')
      const ended = () => {
        isPunctual()
        this.#waiting.delete(fail)
      }
      this.#waiting.add(fail)
      ask(hosted.service, timeout).then(
        (answer) => {
          ended()
          resolve(answer)
        },
        (error) => {
          ended()
          reject(translated(error, timeout))
        },
      )
    })
  }
}

/** No leader was found in time, or the leader was asked too late. */
const TOO_LATE = ['RAFT_NO_LEADER', 'RAFT_DEADLINE_EXCEEDED']

/** The server's errors as the client has them. */
function translated(error: unknown, timeout: number): RequestError | unknown {
  if (error instanceof core.OutcomeUnknownError) return new OutcomeUnknownError(error.message)
  if (error instanceof core.OverloadedError) return new OverloadedError(error.message)
  if (error instanceof core.NodeStoppedError) return new ClosedError()
  if (error instanceof core.RaftError && TOO_LATE.includes(error.code)) return new TimeoutError(timeout, null)
  if (error instanceof core.RaftError) return new RefusedError(error.code, error.message)
  return error
}

function expect<Type extends Done['type']>(type: Type, done: Done): Extract<Done, { type: Type }> {
  if (done.type !== type) throw new Error(`a ${type} was answered with the result of a ${done.type}`)
  return done as Extract<Done, { type: Type }>
}

function toEntry({ key, value, createRevision, modRevision, version }: KeyValue) {
  return { key: Buffer.from(key).toString(), keyBytes: key, value, createRevision, modRevision, version }
}

export function toCommand(input: TransactionInput<Bytes>): TransactionCommand {
  return {
    type: 'transaction',
    compares: (input.if ?? []).map(toCompare),
    thenSteps: (input.do ?? []).map(toStep),
    elseSteps: (input.else ?? []).map(toStep),
  }
}

function toCompare(condition: NonNullable<TransactionInput<Bytes>['if']>[number]): Compare {
  const key = condition.key as Bytes
  const { relation = 'equal' } = condition
  if ('value' in condition) return { target: 'value', relation, key, operand: condition.value }
  if ('createRevision' in condition) return { target: 'createRevision', relation, key, operand: condition.createRevision }
  if ('modRevision' in condition) return { target: 'modRevision', relation, key, operand: condition.modRevision }
  return { target: 'version', relation, key, operand: condition.version }
}

function toStep(step: TransactionStep<Bytes>): TransactionCommand['thenSteps'][number] {
  if ('put' in step) return { type: 'put', key: step.put as Bytes, value: step.value }
  if ('delete' in step) return { type: 'delete', key: step.delete as Bytes }
  if ('get' in step) return { type: 'get', key: step.get as Bytes }
  const { prefix, after, limit } = step.range
  return {
    type: 'range',
    ...(prefix === undefined ? {} : { prefix: prefix as Bytes }),
    ...(after === undefined ? {} : { after: after as Bytes }),
    ...(limit === undefined ? {} : { limit }),
  }
}

function toStepResult(result: StepResult): TransactionStepResult<Bytes> {
  switch (result.type) {
    case 'put':
      return { kind: 'put', createRevision: result.createRevision, modRevision: result.modRevision, version: result.version }
    case 'delete':
      return { kind: 'delete', deleted: result.deleted }
    case 'get':
      return { kind: 'get', entry: result.entry === null ? undefined : toEntry(result.entry) }
    case 'range':
      return { kind: 'range', entries: result.entries.map(toEntry), more: result.more }
  }
}
