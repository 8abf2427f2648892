import { Writer } from '@raft/core'
import { SEALED_HEADER_BYTES } from './datagram.js'
import type { Seal } from './sealing.js'

/** Makes datagrams of one session out of their plaintext, each under a counter of its own. */
export class Sealer {
  /** How many bytes longer a datagram is than its plaintext. */
  readonly overhead: number
  readonly #seal: Seal
  readonly #header = Buffer.alloc(SEALED_HEADER_BYTES)
  #nextCounter = 0

  constructor(seal: Seal, version: number, kind: number, remoteId: number) {
    this.#seal = seal
    this.overhead = SEALED_HEADER_BYTES + seal.overhead
    const writer = new Writer(this.#header)
    writer.u8(version)
    writer.u8(kind)
    writer.u64(remoteId)
  }

  /** The counter of the next datagram, which is the number of those sealed before. */
  get nextCounter(): number {
    return this.#nextCounter
  }

  seal(plaintext: Uint8Array): Uint8Array[] {
    const header = Buffer.allocUnsafe(SEALED_HEADER_BYTES)
    this.#header.copy(header)
    // Used up first: whatever goes wrong from here on, no counter seals twice.
    const counter = this.#nextCounter++
    header.writeUIntLE(counter, SEALED_HEADER_BYTES - 8, 6)
    header.writeUInt16LE(0, SEALED_HEADER_BYTES - 2)
    return this.#seal.seal(counter, header, plaintext)
  }
}
