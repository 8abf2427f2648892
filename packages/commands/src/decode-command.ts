import { Reader } from './binary.js'
import {
  COMMAND_VERSION,
  type Command,
  type Compare,
  CompareRelation,
  CompareTarget,
  Operation,
  RANGE_HAS_AFTER,
  type Range,
  type Relation,
  type Step,
} from './command.js'
import { CommandError, malformed } from './errors.js'
import { MAX_KEY_BYTES, MAX_TRANSACTION_OPERATIONS } from './limits.js'

const RELATIONS = byNumber(CompareRelation)
const TARGETS = byNumber(CompareTarget)

/** Reads the command that `bytes` hold, whole. Its keys and values are views. @throws CommandError for anything else */
export function decodeCommand(bytes: Uint8Array): Command {
  return new CommandDecoder(bytes).decode(0, bytes.length)
}

/** Reads commands that lie in the same bytes. Their keys and values are views, and Buffers. */
export class CommandDecoder extends Reader {
  constructor({ buffer, byteOffset, byteLength }: Uint8Array) {
    super(Buffer.from(buffer, byteOffset, byteLength))
  }

  /** The command between two places of the bytes. @throws CommandError, with the same message wherever the command lies */
  decode(start: number, end: number): Command {
    this.between(start, end)
    const version = this.u8()
    if (version !== COMMAND_VERSION)
      throw new CommandError('RAFT_COMMAND_VERSION', `a command of version ${version}: version ${COMMAND_VERSION} is known here`)
    const command = this.#command(this.u8())
    this.end()
    return command
  }

  override error(message: string): Error {
    return malformed(message)
  }

  #command(operation: number): Command {
    switch (operation) {
      case Operation.put:
        return { type: 'put', key: this.#key(), value: this.bytes() }
      case Operation.delete:
        return { type: 'delete', key: this.#key() }
      case Operation.compareAndSet:
        return { type: 'compareAndSet', key: this.#key(), prevRevision: this.u64(), value: this.bytes() }
      case Operation.transaction:
        return { type: 'transaction', compare: this.#compares(), success: this.#steps(), failure: this.#steps() }
      default:
        throw malformed(`the operation ${operation} is unknown`)
    }
  }

  #compares(): Compare[] {
    const count = this.#count()
    const compares: Compare[] = []
    for (let i = 0; i < count; i++) compares.push(this.#compare())
    return compares
  }

  #compare(): Compare {
    const target = TARGETS[this.u8()]
    const relation: Relation | undefined = RELATIONS[this.u8()]
    if (target === undefined || relation === undefined) throw malformed('a compare whose target or relation is unknown')
    const key = this.#key()
    switch (target) {
      case 'value':
        return { key, relation, value: this.bytes() }
      case 'createRevision':
        return { key, relation, createRevision: this.u64() }
      case 'modRevision':
        return { key, relation, modRevision: this.u64() }
      case 'version':
        return { key, relation, version: this.u64() }
    }
  }

  #steps(): Step[] {
    const count = this.#count()
    const steps: Step[] = []
    for (let i = 0; i < count; i++) steps.push(this.#step())
    return steps
  }

  #step(): Step {
    const step = this.u8()
    switch (step) {
      case Operation.put:
        return { type: 'put', key: this.#key(), value: this.bytes() }
      case Operation.delete:
        return { type: 'delete', key: this.#key() }
      case Operation.get:
        return { type: 'get', key: this.#key() }
      case Operation.range:
        return { type: 'range', ...readRange(this) }
      default:
        throw malformed(`the step ${step} is unknown`)
    }
  }

  #count(): number {
    const count = this.u32()
    if (count > MAX_TRANSACTION_OPERATIONS)
      throw new CommandError(
        'RAFT_TRANSACTION_TOO_LARGE',
        `a transaction of ${count} operations: at most ${MAX_TRANSACTION_OPERATIONS} of a kind are allowed`,
      )
    return count
  }

  #key(): Uint8Array {
    const length = this.u32()
    if (length === 0 || length > MAX_KEY_BYTES)
      throw new CommandError('RAFT_KEY_LENGTH', `a key of ${length} bytes: 1 to ${MAX_KEY_BYTES} are allowed`)
    return this.view(length)
  }
}

/** Reads what `writeRange` has written. @throws CommandError or ProtocolError, as the reader does */
export function readRange(reader: Reader): Range {
  const flags = reader.u8()
  if (flags > RANGE_HAS_AFTER) throw reader.error(`the flags ${flags} of a range are unknown`)
  const prefix = reader.bytes()
  const after = reader.bytes()
  const limit = reader.u32()
  if (flags === RANGE_HAS_AFTER) return { prefix, after, limit }
  if (after.length > 0) throw reader.error('a range with an `after` that does not count')
  return { prefix, limit }
}

function byNumber<Name extends string>(numbers: Readonly<Record<Name, number>>): readonly (Name | undefined)[] {
  const names: (Name | undefined)[] = []
  for (const name in numbers) names[numbers[name]] = name
  return names
}
