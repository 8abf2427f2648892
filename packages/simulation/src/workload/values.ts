import { createHash } from 'node:crypto'
import type { Prng } from '@raft/simulator'

/** From so many bytes on a value is written once only, and says by itself who wrote it. */
const UNIQUE_FROM = 8
const HEAD_BYTES = 16

interface Known {
  readonly length: number
  /** What decides how it compares with others: they differ within it, or one is the beginning of the other. */
  readonly head: Buffer
  /** What makes its bytes, if it was made; 0: they are all in `head`. */
  seed: number
  isWritten: boolean
}

/** Numbers for values, so that a history holds none: equal bytes have equal numbers. */
export class Values {
  readonly #random: Prng
  readonly #numbers = new Map<string, number>()
  readonly #known: Known[] = []
  #made = 0

  constructor(random: Prng) {
    this.#random = random
  }

  /** Of bytes that nobody has written before, if they are enough for that. */
  make(length: number): number {
    const seed = length < UNIQUE_FROM ? 0 : ++this.#made
    const value = this.numberOf(seed === 0 ? this.#random.bytes(length) : uniqueBytes(seed, length))
    const known = this.#at(value)
    known.seed = seed
    known.isWritten = true
    return value
  }

  /** Of a value that was made. */
  bytes(value: number): Uint8Array {
    const { seed, length, head } = this.#at(value)
    return seed === 0 ? head : uniqueBytes(seed, length)
  }

  /** Of what was read, which may be what nobody wrote. The bytes are not kept. */
  numberOf(bytes: Uint8Array): number {
    const name = `${bytes.length} ${createHash('sha1').update(bytes).digest('base64')}`
    const found = this.#numbers.get(name)
    if (found !== undefined) return found
    this.#known.push({ length: bytes.length, head: Buffer.from(bytes.subarray(0, HEAD_BYTES)), seed: 0, isWritten: false })
    this.#numbers.set(name, this.#known.length - 1)
    return this.#known.length - 1
  }

  length(value: number): number {
    return this.#at(value).length
  }

  /** Whether anybody wants to have written it. */
  isWritten(value: number): boolean {
    return this.#at(value).isWritten
  }

  /** Whether one write alone can have brought it. */
  isUnique(value: number): boolean {
    return this.length(value) >= UNIQUE_FROM
  }

  /** As their bytes compare. */
  compare(a: number, b: number): number {
    if (a === b) return 0
    return Buffer.compare(this.#at(a).head, this.#at(b).head) || this.length(a) - this.length(b)
  }

  describe(value: number): string {
    const { length, isWritten } = this.#at(value)
    return `v${value} (${length} bytes${isWritten ? '' : ', which nobody wrote'})`
  }

  #at(value: number): Known {
    return this.#known[value] as Known
  }
}

function uniqueBytes(seed: number, length: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(length)
  // Differs at once, in no order; the number itself follows, and then what differs from place to place.
  let x = scattered(seed)
  bytes.writeUInt32BE(x, 0)
  bytes.writeUInt32BE(seed, 4)
  for (let at = UNIQUE_FROM; at < length; at++) {
    if (at % 4 === 0) x = scattered(x + at)
    bytes[at] = x >>> (8 * (at % 4))
  }
  return bytes
}

function scattered(number: number): number {
  let x = Math.imul(number, 0x9e37_79b1)
  x = Math.imul(x ^ (x >>> 16), 0x85eb_ca6b)
  return (x ^ (x >>> 13)) >>> 0
}
