import { FormatError } from './errors.js'

const TWO_TO_32 = 0x1_0000_0000

/** Writes little-endian numbers into bytes that the caller has made large enough. */
export class Writer {
  readonly bytes: Uint8Array
  position: number
  readonly #view: DataView

  constructor(bytes: Uint8Array, position = 0) {
    this.bytes = bytes
    this.position = position
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  u8(value: number): void {
    this.#view.setUint8(this.position, value)
    this.position += 1
  }

  u32(value: number): void {
    this.#view.setUint32(this.position, value, true)
    this.position += 4
  }

  /** A non-negative safe integer, as u64. */
  u64(value: number): void {
    this.#view.setUint32(this.position, value % TWO_TO_32, true)
    this.#view.setUint32(this.position + 4, Math.floor(value / TWO_TO_32), true)
    this.position += 8
  }

  raw(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.position)
    this.position += bytes.length
  }
}

/** Reads little-endian numbers, and refuses to read past the end. */
export class Reader {
  readonly bytes: Uint8Array
  position: number
  readonly #view: DataView

  constructor(bytes: Uint8Array, position = 0) {
    this.bytes = bytes
    this.position = position
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get remaining(): number {
    return this.bytes.length - this.position
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true)
  }

  /** @throws FormatError when the number is no safe integer. */
  u64(): number {
    const at = this.#take(8)
    const high = this.#view.getUint32(at + 4, true)
    if (high > 0x1f_ffff) throw new FormatError(`the number at byte ${at} is over 2^53`)
    return high * TWO_TO_32 + this.#view.getUint32(at, true)
  }

  /** A view, not a copy. */
  raw(length: number): Uint8Array {
    const at = this.#take(length)
    return this.bytes.subarray(at, at + length)
  }

  /** @throws FormatError unless every byte was read. */
  end(): void {
    if (this.remaining !== 0) throw new FormatError(`${this.remaining} bytes too many`)
  }

  #take(length: number): number {
    const at = this.position
    if (length > this.bytes.length - at)
      throw new FormatError(`cut short at byte ${this.bytes.length}: ${length} bytes expected from byte ${at} on`)
    this.position = at + length
    return at
  }
}
