import { encodeGet, encodeRange, RequestKind, ResponseKind } from '@raft/client/protocol'
import {
  type CommandResult,
  type Consistency,
  decodeCommandResult,
  decodeResult,
  type GetResult,
  type KeyValue,
  ProtocolError,
  type Range,
  type RangeResult,
  type Results,
  type StoreResult,
} from '@raft/commands'
import { RaftError } from '@raft/core'
import { RefusedError } from '../errors.js'
import type { LeaderAccess } from '../routing/leader-access.js'
import type { LeaderTask } from '../routing/operation.js'

/** What is read of the local state machine. */
export interface ReadableStore {
  readonly revision: number
  get(key: Uint8Array): KeyValue | null
  range(request: Range): RangeResult
}

/** What is asked of core's Node. */
export interface Proposer {
  submit(command: Uint8Array, done: (error: RaftError | null, result: StoreResult | undefined) => void): void
  submitRead(done: (error: RaftError | null, index: number) => void): void
}

/** Reads and writes of the replicated store, from any member. */
export class KeyValueService {
  readonly #node: Proposer
  readonly #store: ReadableStore
  readonly #access: LeaderAccess

  constructor(node: Proposer, store: ReadableStore, access: LeaderAccess) {
    this.#node = node
    this.#store = store
    this.#access = access
  }

  /**
   * Carries out an encoded command.
   * @param timeout in ms
   * @throws RefusedError with the store's code when the command makes no sense; and what `LeaderAccess.run` throws
   */
  write(command: Uint8Array, timeout: number): Promise<CommandResult> {
    return this.#access.run(new WriteTask(this.#node, command), timeout)
  }

  async get(key: Uint8Array, consistency: Consistency, timeout: number): Promise<GetResult> {
    return (await this.prepareGet(key, consistency, timeout))()
  }

  /** Fulfilled once the key may be read, with what reads it: a value takes no memory before. */
  async prepareGet(key: Uint8Array, consistency: Consistency, timeout: number): Promise<() => GetResult> {
    const local = () => ({ revision: this.#store.revision, entry: this.#store.get(key) })
    if (consistency === 'local') return this.#local(local)
    return this.#access.run(
      this.#read(RequestKind.Get, () => encodeGet(key, consistency), ResponseKind.Get, local),
      timeout,
    )
  }

  /** @throws RefusedError when the limit is no count; and what `LeaderAccess.run` throws */
  async range(request: Range, consistency: Consistency, timeout: number): Promise<RangeResult> {
    return (await this.prepareRange(request, consistency, timeout))()
  }

  /** As `prepareGet`. @throws what `range` throws */
  async prepareRange(range: Range, consistency: Consistency, timeout: number): Promise<() => RangeResult> {
    const { limit = 0 } = range
    if (!Number.isInteger(limit) || limit < 0 || limit > MAX_U32) {
      throw new RefusedError('RAFT_COMMAND_MALFORMED', `the limit ${limit} of a range is no whole number from 0 to ${MAX_U32}`)
    }
    const local = () => this.#store.range(range)
    if (consistency === 'local') return this.#local(local)
    return this.#access.run(
      this.#read(RequestKind.Range, () => encodeRange(range, consistency), ResponseKind.Range, local),
      timeout,
    )
  }

  /** A member that does not run hears of no writes any more. @throws NodeStoppedError */
  #local<T>(read: () => T): () => T {
    if (this.#access.ended !== null) throw this.#access.ended
    return read
  }

  #read<O extends typeof ResponseKind.Get | typeof ResponseKind.Range>(
    kind: number,
    body: () => Uint8Array,
    operation: O,
    local: () => Results[O],
  ): LeaderTask<() => Results[O]> {
    return {
      isWrite: false,
      bytes: 0,
      kind,
      body,
      decode: (found, bytes) => {
        if (found !== operation) throw new ProtocolError(`a response of kind ${found} to a request of kind ${kind}`)
        const result = decodeResult(operation, bytes)
        return () => result
      },
      local: (done) =>
        this.#node.submitRead((error) => {
          if (error !== null) done(error, undefined)
          else done(null, () => attempt(local))
        }),
    }
  }
}

class WriteTask implements LeaderTask<CommandResult> {
  readonly isWrite = true
  readonly bytes: number
  readonly kind = RequestKind.Write
  readonly decode = decodeCommandResult
  readonly #node: Proposer
  readonly #command: Uint8Array

  constructor(node: Proposer, command: Uint8Array) {
    this.#node = node
    this.#command = command
    this.bytes = command.length
  }

  body(): Uint8Array {
    return this.#command
  }

  local(done: (error: RaftError | null, result: CommandResult | undefined) => void): void {
    this.#node.submit(this.#command, (error, result) => {
      if (result?.type === 'error') done(new RefusedError(result.code, result.message), undefined)
      else done(error, result)
    })
  }
}

/** @throws RaftError whatever the store throws */
function attempt<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof RaftError) throw error
    throw toStoreError(error)
  }
}

function toStoreError(cause: unknown): RaftError {
  return new RaftError('RAFT_STORE', `the store failed to read: ${cause instanceof Error ? cause.message : cause}`, { cause })
}

const MAX_U32 = 0xffff_ffff
