import { Operation, Reader } from '@raft/commands'

export interface DecodedStep {
  readonly kind: number
  /** For a range, its prefix. */
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly after: Uint8Array | null
  readonly limit: number
}

export interface DecodedCompare {
  readonly target: number
  readonly relation: number
  readonly key: Uint8Array
  readonly operand: Uint8Array | number
}

export type Command =
  | { operation: typeof Operation.put; key: Uint8Array; value: Uint8Array }
  | { operation: typeof Operation.delete; key: Uint8Array }
  | { operation: typeof Operation.compareAndSet; key: Uint8Array; prevRevision: number; value: Uint8Array }
  | { operation: typeof Operation.transaction; compares: DecodedCompare[]; success: DecodedStep[]; failure: DecodedStep[] }

/** Reads a command, written anew from docs/formats.md. */
export function decodeCommand(bytes: Uint8Array): Command {
  const reader = new Reader(bytes)
  if (reader.u8() !== 1) throw new Error('unknown version of a command')
  const command = readOperation(reader)
  reader.end()
  return command
}

function readOperation(reader: Reader): Command {
  const operation = reader.u8()
  switch (operation) {
    case Operation.put:
      return { operation, key: reader.bytes(), value: reader.bytes() }
    case Operation.delete:
      return { operation, key: reader.bytes() }
    case Operation.compareAndSet:
      return { operation, key: reader.bytes(), prevRevision: reader.u64(), value: reader.bytes() }
    case Operation.transaction:
      return { operation, compares: list(reader, readCompare), success: list(reader, readStep), failure: list(reader, readStep) }
    default:
      throw new Error(`unknown operation ${operation}`)
  }
}

function readCompare(reader: Reader): DecodedCompare {
  const target = reader.u8()
  return { target, relation: reader.u8(), key: reader.bytes(), operand: target === 1 ? reader.bytes() : reader.u64() }
}

function readStep(reader: Reader): DecodedStep {
  const kind = reader.u8()
  if (kind === Operation.range) {
    const hasAfter = reader.flag()
    const key = reader.bytes()
    const after = reader.bytes()
    return { kind, key, value: NO_BYTES, after: hasAfter ? after : null, limit: reader.u32() }
  }
  return { kind, key: reader.bytes(), value: kind === Operation.put ? reader.bytes() : NO_BYTES, after: null, limit: 0 }
}

function list<T>(reader: Reader, read: (reader: Reader) => T): T[] {
  return Array.from({ length: reader.u32() }, () => read(reader))
}

const NO_BYTES = new Uint8Array(0)
