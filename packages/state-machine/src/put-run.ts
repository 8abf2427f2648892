import { COMMAND_HEAD_BYTES, COMMAND_VERSION, getU32, LENGTH_BYTES, MAX_KEY_BYTES, Operation } from '@raft/commands'
import { EntryKind } from '@raft/core'
import { type BinaryKey, toBinaryKey } from './key.js'

/** As many puts are looked at together. */
export const LONGEST_RUN = 64
const NO_BYTES = new Uint8Array(0)
const NO_BUFFER = Buffer.alloc(0)
const NO_VIEW = new DataView(new ArrayBuffer(0))

/**
 * Puts that follow one another in a batch, by where their parts lie. Most commands are puts, and what takes most of their time
 * is to fetch what is stored of their keys, which lies all over the memory: where several keys are known before the first put
 * is carried out, the processor fetches for several at once.
 */
export class PutRun {
  count = 0
  readonly keyStart = new Uint32Array(LONGEST_RUN)
  readonly keyEnd = new Uint32Array(LONGEST_RUN)
  readonly valueStart = new Uint32Array(LONGEST_RUN)
  readonly valueEnd = new Uint32Array(LONGEST_RUN)
  /** Where they lie: never a Buffer, so that V8 compiles what reads it for one kind of array. */
  bytes: Uint8Array = NO_BYTES
  /** The same. */
  view: DataView = NO_VIEW
  /** The same. */
  #buffer: Buffer = NO_BUFFER

  /** Where the entries lie that are read from now on. */
  begin({ buffer, byteOffset, byteLength }: Uint8Array): void {
    this.bytes = new Uint8Array(buffer, byteOffset, byteLength)
    this.view = new DataView(buffer, byteOffset, byteLength)
    this.#buffer = Buffer.from(buffer, byteOffset, byteLength)
  }

  /** Lets go of the bytes. */
  end(): void {
    this.bytes = NO_BYTES
    this.view = NO_VIEW
    this.#buffer = NO_BUFFER
  }

  /** The key of the `i`th put. */
  key(i: number): BinaryKey {
    return toBinaryKey(this.#buffer, this.keyStart[i], this.keyEnd[i])
  }

  /** Takes the puts from entry `first` on, up to the first that is something else or no whole command. */
  read(offsets: Uint32Array, first: number): void {
    const bytes = this.bytes
    const last = Math.min(first + LONGEST_RUN, offsets.length - 1)
    let entry = first
    while (entry < last && this.#readOne(bytes, offsets[entry] as number, offsets[entry + 1] as number, entry - first)) entry += 1
    this.count = entry - first
  }

  #readOne(bytes: Uint8Array, start: number, end: number, place: number): boolean {
    const command = start + 1
    if (bytes[start] !== EntryKind.Command || bytes[command] !== COMMAND_VERSION || bytes[command + 1] !== Operation.put) return false
    const keyStart = command + COMMAND_HEAD_BYTES + LENGTH_BYTES
    const keyEnd = keyStart + getU32(bytes, keyStart - LENGTH_BYTES)
    const valueStart = keyEnd + LENGTH_BYTES
    if (keyEnd === keyStart || keyEnd - keyStart > MAX_KEY_BYTES) return false
    if (valueStart + getU32(bytes, keyEnd) !== end) return false
    this.keyStart[place] = keyStart
    this.keyEnd[place] = keyEnd
    this.valueStart[place] = valueStart
    this.valueEnd[place] = end
    return true
  }
}
