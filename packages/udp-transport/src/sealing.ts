import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { expand } from './secrets.js'

/** Seals or opens the datagrams of one direction of one session. */
export interface Seal {
  /** How many bytes longer the sealed text is. */
  readonly overhead: number
  /** What to send behind `header`; fresh bytes. `header` is authenticated with it. */
  seal(counter: number, header: Uint8Array, text: Uint8Array): Uint8Array[]
  /** The text, in fresh bytes, or null when header, text or seal were tampered with. */
  open(counter: number, header: Uint8Array, sealed: Uint8Array): Uint8Array | null
}

/** Datagrams under one key, far below the limits of AES-GCM for the largest datagrams (RFC 9001 §6.6, B.1). */
export const EPOCH_DATAGRAMS = 2 ** 22
const TAG_BYTES = 16
const TWO_TO_32 = 2 ** 32

/**
 * AES-256-GCM; the nonce is the datagram's counter, and the key changes with every epoch of counters, so that both sides
 * change it without a word.
 */
export class AesSeal implements Seal {
  readonly overhead = TAG_BYTES
  readonly #secret: Uint8Array
  readonly #nonce = Buffer.alloc(12)
  readonly #keys = new Map<number, KeyObject>()

  constructor(secret: Uint8Array) {
    this.#secret = secret
  }

  seal(counter: number, header: Uint8Array, text: Uint8Array): Uint8Array[] {
    const cipher = createCipheriv('aes-256-gcm', this.#key(counter), this.#nonceOf(counter), { authTagLength: TAG_BYTES })
    cipher.setAAD(header)
    const sealed = cipher.update(text)
    cipher.final()
    return [header, sealed, cipher.getAuthTag()]
  }

  open(counter: number, header: Uint8Array, sealed: Uint8Array): Uint8Array | null {
    const end = sealed.length - TAG_BYTES
    if (end < 0) return null
    const decipher = createDecipheriv('aes-256-gcm', this.#key(counter), this.#nonceOf(counter), { authTagLength: TAG_BYTES })
    decipher.setAAD(header)
    decipher.setAuthTag(sealed.subarray(end))
    const text = decipher.update(sealed.subarray(0, end))
    try {
      decipher.final()
      return text
    } catch {
      return null
    }
  }

  #nonceOf(counter: number): Buffer {
    this.#nonce.writeUInt32LE(counter % TWO_TO_32, 4)
    this.#nonce.writeUInt32LE(Math.floor(counter / TWO_TO_32), 8)
    return this.#nonce
  }

  #key(counter: number): KeyObject {
    const epoch = Math.floor(counter / EPOCH_DATAGRAMS)
    const known = this.#keys.get(epoch)
    if (known !== undefined) return known
    const key = createSecretKey(expand(this.#secret, '', `epoch ${epoch}`))
    this.#keys.set(epoch, key)
    // The epoch before, this one and the next stay: late datagrams, and forged ones, cost no derivation.
    for (const old of this.#keys.keys()) if (Math.abs(old - epoch) > 2) this.#keys.delete(old)
    return key
  }
}

/** No secrecy and no protection, only a check of the bytes: for those who asked for it in as many words. */
export class PlainSeal implements Seal {
  readonly overhead = 4

  seal(_counter: number, header: Uint8Array, text: Uint8Array): Uint8Array[] {
    const check = Buffer.allocUnsafe(4)
    check.writeUInt32LE(crc32(text, crc32(header)))
    return [header, Buffer.from(text), check]
  }

  open(_counter: number, header: Uint8Array, sealed: Uint8Array): Uint8Array | null {
    const end = sealed.length - 4
    if (end < 0) return null
    const text = sealed.subarray(0, end)
    const check = Buffer.from(sealed.buffer, sealed.byteOffset + end, 4).readUInt32LE(0)
    return crc32(text, crc32(header)) === check ? text : null
  }
}
