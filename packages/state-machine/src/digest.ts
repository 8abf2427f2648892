import { createHash } from 'node:crypto'
import type { BinaryKey } from './key.js'
import type { Keyspace, Stored } from './keyspace.js'

const CHUNK_BYTES = 128 * 1024
const HEADER_BYTES = 4 + 4 + 8 + 8 + 8
/** A step ends behind the key with which this many bytes were hashed, the headers of keys among them: some milliseconds. */
const STEP_BYTES = 1024 * 1024
/** What a key costs besides its bytes, counted in bytes that are hashed in the same time. */
const KEY_COST = 256

/**
 * The SHA-256, in hexadecimal, of `revision f64` and then, in order, of every key:
 * `key length u32 | value length u32 | createRevision f64 | modRevision f64 | version f64 | key | value`.
 *
 * It is made in steps of some milliseconds, between which others may have their turn. Where the state changes meanwhile, what was
 * made is worth nothing: `isStale` says so.
 */
export class Digest {
  /** Of the state whose digest this is. */
  readonly revision: number
  readonly #keys: Keyspace
  readonly #currentRevision: () => number
  readonly #hash = createHash('sha256')
  // Many small updates cost more than the hashing: gather them.
  readonly #chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  #used: number
  /** The last key that was hashed. */
  #last: BinaryKey | null = null
  #value: string | null = null

  constructor(keys: Keyspace, currentRevision: () => number) {
    this.#keys = keys
    this.#currentRevision = currentRevision
    this.revision = currentRevision()
    this.#used = this.#chunk.writeDoubleLE(this.revision, 0)
  }

  /** Whether the state has changed since. */
  get isStale(): boolean {
    return this.#currentRevision() !== this.revision
  }

  /** The digest; null while there are steps to do. */
  get value(): string | null {
    return this.#value
  }

  /** Goes on for some milliseconds. Does nothing when it has been made, or is stale. */
  step(): void {
    if (this.#value !== null || this.isStale) return
    let left = STEP_BYTES
    const isWhole = this.#keys.visit(this.#last, (key, stored) => {
      this.#add(key, stored)
      this.#last = key
      left -= KEY_COST + key.length + stored.value.length
      return left > 0
    })
    if (isWhole) this.#value = this.#hash.update(this.#chunk.subarray(0, this.#used)).digest('hex')
  }

  #add(key: BinaryKey, { value, createRevision, modRevision, version }: Stored): void {
    this.#reserve(HEADER_BYTES + key.length)
    const chunk = this.#chunk
    let used = chunk.writeUInt32LE(key.length, this.#used)
    used = chunk.writeUInt32LE(value.length, used)
    used = chunk.writeDoubleLE(createRevision, used)
    used = chunk.writeDoubleLE(modRevision, used)
    used = chunk.writeDoubleLE(version, used)
    this.#used = used + chunk.write(key, used, 'latin1')
    this.#reserve(value.length)
    if (value.length > CHUNK_BYTES) this.#hash.update(value)
    else {
      chunk.set(value, this.#used)
      this.#used += value.length
    }
  }

  /** Room in the chunk, where as much fits into one. */
  #reserve(bytes: number): void {
    if (this.#used + bytes <= CHUNK_BYTES) return
    this.#hash.update(this.#chunk.subarray(0, this.#used))
    this.#used = 0
  }
}
