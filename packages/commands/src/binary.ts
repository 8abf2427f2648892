import { ProtocolError } from './errors.js'

const TWO_TO_32 = 0x1_0000_0000
/** Takes no bytes that are not UTF-8, and keeps a mark at the beginning. */
export const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @throws ProtocolError when the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch (error) {
    throw new ProtocolError('text that is not UTF-8', { cause: error })
  }
}

/** Writes a little-endian u32 at `at`. */
export function putU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
  bytes[at + 2] = value >>> 16
  bytes[at + 3] = value >>> 24
}

/** Reads a little-endian u32; the four bytes must be there. */
export function getU32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)) >>> 0
  )
}

/** Writes little-endian numbers into bytes that it makes larger as needed. */
export class Writer {
  #bytes: Uint8Array
  #position = 0

  /** From Node's pool: memory of its own for each small body costs more than all the rest of a request. */
  constructor(capacity = 64) {
    this.#bytes = Buffer.allocUnsafe(capacity)
  }

  u8(value: number): void {
    const at = this.#reserve(1)
    this.#bytes[at] = value
  }

  /** 1 for true, 0 for false. */
  flag(value: boolean): void {
    this.u8(value ? 1 : 0)
  }

  u32(value: number): void {
    const at = this.#reserve(4)
    putU32(this.#bytes, at, value)
  }

  /** A non-negative safe integer, as u64. */
  u64(value: number): void {
    const at = this.#reserve(8)
    putU32(this.#bytes, at, value % TWO_TO_32)
    putU32(this.#bytes, at + 4, Math.floor(value / TWO_TO_32))
  }

  raw(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length)
    this.#bytes.set(bytes, at)
  }

  /** `length u32, bytes`. */
  bytes(bytes: Uint8Array): void {
    this.u32(bytes.length)
    this.raw(bytes)
  }

  string(text: string): void {
    this.bytes(Buffer.from(text, 'utf8'))
  }

  /** What was written. The writer is not used again. */
  finish(): Uint8Array {
    return this.#position === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, this.#position)
  }

  #reserve(length: number): number {
    const at = this.#position
    const end = at + length
    if (end > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(end, 2 * this.#bytes.length))
      larger.set(this.#bytes.subarray(0, at))
      this.#bytes = larger
    }
    this.#position = end
    return at
  }
}

/** Reads little-endian numbers, and refuses to read past the end. */
export class Reader {
  readonly source: Uint8Array
  #start = 0
  #position = 0
  #end: number

  constructor(source: Uint8Array) {
    this.source = source
    this.#end = source.length
  }

  /** From now on reads what lies between these two places. Messages count from the first. */
  between(start: number, end: number): void {
    this.#start = start
    this.#position = start
    this.#end = end
  }

  /** The error that is thrown for bytes that make no sense. */
  error(message: string): Error {
    return new ProtocolError(message)
  }

  u8(): number {
    return this.source[this.#take(1)] as number
  }

  u32(): number {
    return getU32(this.source, this.#take(4))
  }

  /** @throws ProtocolError when the number is no safe integer. */
  u64(): number {
    const at = this.#take(8)
    const high = getU32(this.source, at + 4)
    if (high > 0x1f_ffff) throw this.error(`the number at byte ${at - this.#start} is over 2^53`)
    return high * TWO_TO_32 + getU32(this.source, at)
  }

  /** @throws ProtocolError unless the byte is 0 or 1. */
  flag(): boolean {
    const value = this.u8()
    if (value > 1) throw this.error(`${value} where 0 or 1 was expected, before byte ${this.#position - this.#start}`)
    return value === 1
  }

  /** `length u32, bytes`: a view, not a copy. */
  bytes(): Uint8Array {
    return this.view(this.u32())
  }

  /** A view, not a copy. */
  view(length: number): Uint8Array {
    const at = this.#take(length)
    return this.source.subarray(at, at + length)
  }

  /** @throws ProtocolError when the bytes are not UTF-8. */
  string(): string {
    return decodeUtf8(this.bytes())
  }

  /** @throws ProtocolError unless every byte was read. */
  end(): void {
    if (this.#position !== this.#end) throw this.error(`${this.#end - this.#position} bytes too many`)
  }

  #take(length: number): number {
    const at = this.#position
    if (length > this.#end - at)
      throw this.error(`cut short at byte ${this.#end - this.#start}: ${length} bytes expected from byte ${at - this.#start} on`)
    this.#position = at + length
    return at
  }
}
