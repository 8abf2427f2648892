import {
  COMMAND_VERSION,
  type Command,
  type Compare,
  Operation,
  RANGE_HAS_AFTER,
  type RangeStep,
  Relation,
  type RelationName,
  Step,
  Target,
  type TransactionStep,
} from './command.js'
import { CommandError } from './errors.js'
import { MAX_KEY_BYTES, MAX_TRANSACTION_OPERATIONS } from './limits.js'

const RELATIONS = byNumber(Relation)
const TARGETS = byNumber(Target)

/** Reads the command that `bytes` hold, whole. Its keys and values are views. @throws CommandError for anything else */
export function decodeCommand(bytes: Uint8Array): Command {
  return new CommandDecoder(bytes).decode(0, bytes.length)
}

/** Reads commands that lie in the same bytes. */
export class CommandDecoder {
  readonly bytes: Buffer
  #start = 0
  #position = 0
  #end = 0

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** The command between two places of the bytes. @throws CommandError, with the same message wherever the command lies */
  decode(start: number, end: number): Command {
    this.#start = start
    this.#position = start
    this.#end = end
    const version = this.#u8()
    if (version !== COMMAND_VERSION)
      throw new CommandError('RAFT_COMMAND_VERSION', `a command of version ${version}: version ${COMMAND_VERSION} is known here`)
    const command = this.#command(this.#u8())
    if (this.#position !== end) throw malformed(`${end - this.#position} bytes too many`)
    return command
  }

  #command(operation: number): Command {
    switch (operation) {
      case Operation.Put:
        return { type: 'put', key: this.#key(), value: this.#byteString() }
      case Operation.Delete:
        return { type: 'delete', key: this.#key() }
      case Operation.CompareAndSet:
        return { type: 'compareAndSet', key: this.#key(), prevRevision: this.#u64(), value: this.#byteString() }
      case Operation.Transaction:
        return { type: 'transaction', compares: this.#compares(), thenSteps: this.#steps(), elseSteps: this.#steps() }
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
    const target = TARGETS[this.#u8()]
    const relation: RelationName | undefined = RELATIONS[this.#u8()]
    if (target === undefined || relation === undefined) throw malformed('a compare whose target or relation is unknown')
    const key = this.#key()
    return target === 'value' ? { target, relation, key, operand: this.#byteString() } : { target, relation, key, operand: this.#u64() }
  }

  #steps(): TransactionStep[] {
    const count = this.#count()
    const steps: TransactionStep[] = []
    for (let i = 0; i < count; i++) steps.push(this.#step())
    return steps
  }

  #step(): TransactionStep {
    const step = this.#u8()
    switch (step) {
      case Step.Put:
        return { type: 'put', key: this.#key(), value: this.#byteString() }
      case Step.Delete:
        return { type: 'delete', key: this.#key() }
      case Step.Get:
        return { type: 'get', key: this.#key() }
      case Step.Range:
        return this.#range()
      default:
        throw malformed(`the step ${step} is unknown`)
    }
  }

  #range(): RangeStep {
    const flags = this.#u8()
    if (flags > RANGE_HAS_AFTER) throw malformed(`the flags ${flags} of a range are unknown`)
    const prefix = this.#byteString()
    const after = this.#byteString()
    const limit = this.#u32()
    if (flags === RANGE_HAS_AFTER) return { type: 'range', prefix, after, limit }
    if (after.length > 0) throw malformed('a range with an `after` that does not count')
    return { type: 'range', prefix, limit }
  }

  #count(): number {
    const count = this.#u32()
    if (count > MAX_TRANSACTION_OPERATIONS)
      throw new CommandError(
        'RAFT_TRANSACTION_TOO_LARGE',
        `a transaction of ${count} operations: at most ${MAX_TRANSACTION_OPERATIONS} of a kind are allowed`,
      )
    return count
  }

  #key(): Uint8Array {
    return this.#view(this.#keyLength())
  }

  #keyLength(): number {
    const length = this.#u32()
    if (length === 0 || length > MAX_KEY_BYTES)
      throw new CommandError('RAFT_KEY_LENGTH', `a key of ${length} bytes: 1 to ${MAX_KEY_BYTES} are allowed`)
    return length
  }

  #byteString(): Uint8Array {
    return this.#view(this.#u32())
  }

  #view(length: number): Uint8Array {
    const at = this.#take(length)
    return this.bytes.subarray(at, at + length)
  }

  #u8(): number {
    return this.bytes[this.#take(1)] as number
  }

  #u32(): number {
    return this.bytes.readUInt32LE(this.#take(4))
  }

  #u64(): number {
    const at = this.#take(8)
    const high = this.bytes.readUInt32LE(at + 4)
    if (high > 0x1f_ffff) throw malformed(`the number at byte ${at - this.#start} is over 2^53`)
    return high * 0x1_0000_0000 + this.bytes.readUInt32LE(at)
  }

  #take(length: number): number {
    const at = this.#position
    if (length > this.#end - at)
      throw malformed(`cut short at byte ${this.#end - this.#start}: ${length} bytes expected from byte ${at - this.#start} on`)
    this.#position = at + length
    return at
  }
}

function malformed(message: string): CommandError {
  return new CommandError('RAFT_COMMAND_MALFORMED', message)
}

function byNumber<Name extends string>(numbers: Readonly<Record<Name, number>>): readonly (Name | undefined)[] {
  const names: (Name | undefined)[] = []
  for (const name in numbers) names[numbers[name]] = name
  return names
}
