import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { expand } from './secrets.js'

/** Seals or opens the datagrams of one direction of one session. */
export interface Seal {
  /** How many bytes longer the sealed plaintext is. */
  readonly overhead: number
  /** What to send behind `header`; fresh bytes. `header` is authenticated with it. */
  seal(counter: number, header: Uint8Array, plaintext: Uint8Array): Uint8Array[]
  /** The plaintext, in fresh bytes, or null when header, plaintext or seal were tampered with. */
  open(counter: number, header: Uint8Array, sealed: Uint8Array): Uint8Array | null
}

/** Datagrams under one key, far below the limits of both algorithms for the largest datagrams (RFC 9001 §6.6, B.1). */
export const EPOCH_DATAGRAMS = 2 ** 22
const TAG_BYTES = 16
const TWO_TO_32 = 2 ** 32

/**
 * The nonce is the datagram's counter, and the key changes with every epoch of counters, so that both sides change it without a
 * word. Each algorithm has keys of its own.
 */
class EpochKeys {
  readonly #secret: Uint8Array
  readonly #label: string
  readonly #keys = new Map<number, Key>()

  constructor(secret: Uint8Array, label: string) {
    this.#secret = secret
    this.#label = label
  }

  at(counter: number): Key {
    const epoch = Math.floor(counter / EPOCH_DATAGRAMS)
    const known = this.#keys.get(epoch)
    if (known !== undefined) return known
    const bytes = expand(this.#secret, '', `${this.#label} ${epoch}`)
    const key = { bytes, object: createSecretKey(bytes) }
    this.#keys.set(epoch, key)
    // The epoch before, this one and the next stay: late datagrams, and forged ones, cost no derivation.
    for (const old of this.#keys.keys()) if (Math.abs(old - epoch) > 2) this.#keys.delete(old)
    return key
  }
}

interface Key {
  readonly bytes: Uint8Array
  readonly object: KeyObject
}

const nonce = Buffer.alloc(12)

function nonceOf(counter: number): Buffer {
  nonce.writeUInt32LE(counter % TWO_TO_32, 4)
  nonce.writeUInt32LE(Math.floor(counter / TWO_TO_32), 8)
  return nonce
}

/** AES-256-GCM by the system's OpenSSL: quick with many bytes, which its processors seal for it. */
export class AesSeal implements Seal {
  readonly overhead = TAG_BYTES
  readonly #keys: EpochKeys

  constructor(secret: Uint8Array) {
    this.#keys = new EpochKeys(secret, 'epoch')
  }

  seal(counter: number, header: Uint8Array, plaintext: Uint8Array): Uint8Array[] {
    return [header, ...sealByOpenSsl('aes-256-gcm', this.#keys.at(counter), counter, header, plaintext)]
  }

  open(counter: number, header: Uint8Array, sealed: Uint8Array): Uint8Array | null {
    return openByOpenSsl('aes-256-gcm', this.#keys.at(counter), counter, header, sealed)
  }
}

/** Maximum length of a short plaintext. Up to here, what OpenSSL needs to begin counts for more than the bytes. */
export const SHORT_PLAINTEXT_BYTES = 1024

/**
 * Short plaintexts by ChaCha20-Poly1305 (RFC 8439), all others by AES-256-GCM. libsodium, compiled to WebAssembly, does the former
 * in a third of the time, and OpenSSL until that is loaded, or where it cannot be.
 */
export class SealByLength implements Seal {
  readonly overhead = TAG_BYTES
  readonly #long: AesSeal
  readonly #short: EpochKeys

  constructor(secret: Uint8Array) {
    this.#long = new AesSeal(secret)
    this.#short = new EpochKeys(secret, 'short epoch')
  }

  seal(counter: number, header: Uint8Array, plaintext: Uint8Array): Uint8Array[] {
    if (plaintext.length > SHORT_PLAINTEXT_BYTES) return this.#long.seal(counter, header, plaintext)
    const key = this.#short.at(counter)
    const sodium = sodiumForPlaintext()
    if (sodium === null) return [header, ...sealByOpenSsl('chacha20-poly1305', key, counter, header, plaintext)]
    return [header, sodium.crypto_aead_chacha20poly1305_ietf_encrypt(plaintext, header, null, nonceOf(counter), key.bytes)]
  }

  open(counter: number, header: Uint8Array, sealed: Uint8Array): Uint8Array | null {
    if (sealed.length > SHORT_PLAINTEXT_BYTES + TAG_BYTES) return this.#long.open(counter, header, sealed)
    const key = this.#short.at(counter)
    const sodium = sodiumForPlaintext()
    if (sodium === null) return openByOpenSsl('chacha20-poly1305', key, counter, header, sealed)
    try {
      return sodium.crypto_aead_chacha20poly1305_ietf_decrypt(null, sealed, header, nonceOf(counter), key.bytes)
    } catch {
      // Too short for a seal, or not sealed with this key.
      return null
    }
  }
}

type Sodium = typeof import('libsodium-wrappers')['default']

/** Number of short plaintexts after which libsodium is loaded. To load it takes as long (65 ms of processor) as it saves with so many. */
export const PLAINTEXTS_WORTH_LOADING = 2 ** 14
let plaintexts = 0
let loadedSodium: Sodium | null = null

/** libsodium, for one more short plaintext; null while it is not loaded. */
function sodiumForPlaintext(): Sodium | null {
  if (plaintexts < PLAINTEXTS_WORTH_LOADING) {
    plaintexts += 1
    if (plaintexts === PLAINTEXTS_WORTH_LOADING) loadSodium()
  }
  return loadedSodium
}

function loadSodium(): void {
  import('libsodium-wrappers')
    .then(async ({ default: loaded }) => {
      await loaded.ready
      loadedSodium = loaded
    })
    // No WebAssembly here (`--jitless`).
    .catch(() => {})
}

type Algorithm = 'aes-256-gcm' | 'chacha20-poly1305'

function sealByOpenSsl(
  algorithm: Algorithm,
  key: Key,
  counter: number,
  header: Uint8Array,
  plaintext: Uint8Array,
): [Uint8Array, Uint8Array] {
  const cipher = createCipheriv(algorithm as 'aes-256-gcm', key.object, nonceOf(counter), { authTagLength: TAG_BYTES })
  cipher.setAAD(header)
  const sealed = cipher.update(plaintext)
  cipher.final()
  return [sealed, cipher.getAuthTag()]
}

function openByOpenSsl(algorithm: Algorithm, key: Key, counter: number, header: Uint8Array, sealed: Uint8Array): Uint8Array | null {
  const end = sealed.length - TAG_BYTES
  if (end < 0) return null
  const decipher = createDecipheriv(algorithm as 'aes-256-gcm', key.object, nonceOf(counter), { authTagLength: TAG_BYTES })
  decipher.setAAD(header)
  decipher.setAuthTag(sealed.subarray(end))
  const plaintext = decipher.update(sealed.subarray(0, end))
  try {
    decipher.final()
    return plaintext
  } catch {
    return null
  }
}

/** No secrecy and no protection, only a check of the bytes: for those who asked for it in as many words. */
export class PlainSeal implements Seal {
  readonly overhead = 4

  seal(_counter: number, header: Uint8Array, plaintext: Uint8Array): Uint8Array[] {
    const check = Buffer.allocUnsafe(4)
    check.writeUInt32LE(crc32(plaintext, crc32(header)))
    return [header, Buffer.from(plaintext), check]
  }

  open(_counter: number, header: Uint8Array, sealed: Uint8Array): Uint8Array | null {
    const end = sealed.length - 4
    if (end < 0) return null
    const plaintext = sealed.subarray(0, end)
    const check = Buffer.from(sealed.buffer, sealed.byteOffset + end, 4).readUInt32LE(0)
    return crc32(plaintext, crc32(header)) === check ? plaintext : null
  }
}
