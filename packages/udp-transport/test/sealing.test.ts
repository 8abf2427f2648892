import { createCipheriv, createDecipheriv } from 'node:crypto'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { EPOCH_DATAGRAMS, PLAINTEXTS_WORTH_LOADING, SealByLength, SHORT_PLAINTEXT_BYTES } from '../src/sealing.js'
import { expand } from '../src/secrets.js'

const SECRET = new Uint8Array(32).fill(5)
const HEADER = Uint8Array.from({ length: 18 }, (_, i) => i)
const COUNTER = 2 ** 33 + 7

function textOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i * 7)
}

function keyAndNonce(length: number): [Uint8Array, Buffer] {
  const label = length <= SHORT_PLAINTEXT_BYTES ? 'short epoch' : 'epoch'
  const nonce = Buffer.alloc(12)
  nonce.writeBigUInt64LE(BigInt(COUNTER), 4)
  return [expand(SECRET, '', `${label} ${Math.floor(COUNTER / EPOCH_DATAGRAMS)}`), nonce]
}

/** As docs/formats.md has it, and without libsodium. */
function sealByTheBook(text: Uint8Array): Buffer {
  const algorithm = text.length <= SHORT_PLAINTEXT_BYTES ? 'chacha20-poly1305' : 'aes-256-gcm'
  const cipher = createCipheriv(algorithm as 'aes-256-gcm', ...keyAndNonce(text.length), { authTagLength: 16 })
  cipher.setAAD(HEADER)
  return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()])
}

function openByTheBook(sealed: Uint8Array): Buffer {
  const end = sealed.length - 16
  const algorithm = end <= SHORT_PLAINTEXT_BYTES ? 'chacha20-poly1305' : 'aes-256-gcm'
  const decipher = createDecipheriv(algorithm as 'aes-256-gcm', ...keyAndNonce(end), { authTagLength: 16 })
  decipher.setAAD(HEADER)
  decipher.setAuthTag(sealed.subarray(end))
  return Buffer.concat([decipher.update(sealed.subarray(0, end)), decipher.final()])
}

const libsodium = vi.hoisted(() => ({ seals: 0, opens: 0 }))
vi.mock('libsodium-wrappers', async (original) => {
  const { default: sodium } = await original<typeof import('libsodium-wrappers')>()
  await sodium.ready
  const counting = {
    ready: sodium.ready,
    crypto_aead_chacha20poly1305_ietf_encrypt: (...all: Parameters<typeof sodium.crypto_aead_chacha20poly1305_ietf_encrypt>) => {
      libsodium.seals += 1
      return sodium.crypto_aead_chacha20poly1305_ietf_encrypt(...all)
    },
    crypto_aead_chacha20poly1305_ietf_decrypt: (...all: Parameters<typeof sodium.crypto_aead_chacha20poly1305_ietf_decrypt>) => {
      libsodium.opens += 1
      return sodium.crypto_aead_chacha20poly1305_ietf_decrypt(...all)
    },
  }
  return { default: counting }
})

const sealAndOpen = (seal: SealByLength) => seal.open(1, HEADER, Buffer.concat(seal.seal(1, HEADER, textOf(1)).slice(1)))

describe.each(['OpenSSL', 'libsodium, from when it is worth loading on'])('sealing by length, short texts by %s', (by) => {
  beforeAll(async () => {
    if (by === 'OpenSSL') return
    const seal = new SealByLength(SECRET)
    // Whatever was sealed so far did not have it loaded, or it would be there by now.
    await import('libsodium-wrappers')
    await new Promise(setImmediate)
    sealAndOpen(seal)
    expect(libsodium).toEqual({ seals: 0, opens: 0 })
    for (let i = 0; i < PLAINTEXTS_WORTH_LOADING; i++) seal.seal(i, HEADER, textOf(1))
    await vi.waitFor(() => {
      sealAndOpen(seal)
      expect(libsodium).toEqual({ seals: 1, opens: 1 })
    })
  })

  it.each([0, 1, 63, 64, 65, SHORT_PLAINTEXT_BYTES - 1, SHORT_PLAINTEXT_BYTES, SHORT_PLAINTEXT_BYTES + 1, 60_000])(
    '%i bytes are sealed as the format says',
    (length) => {
      const seal = new SealByLength(SECRET)
      const text = textOf(length)
      const parts = seal.seal(COUNTER, HEADER, text)
      expect(parts[0]).toBe(HEADER)
      const sealed = Buffer.concat(parts.slice(1))
      expect(sealed).toHaveLength(length + seal.overhead)
      expect(openByTheBook(sealed)).toEqual(Buffer.from(text))
      expect(sealed).toEqual(sealByTheBook(text))
      expect(Buffer.from(seal.open(COUNTER, HEADER, sealed) ?? [0])).toEqual(Buffer.from(text))
    },
  )

  it.each([0, 40, SHORT_PLAINTEXT_BYTES + 1])('of %i bytes, none may be changed, cut or added, nor the header or the counter', (length) => {
    const seal = new SealByLength(SECRET)
    const sealed = Buffer.concat(seal.seal(COUNTER, HEADER, textOf(length)).slice(1))
    const step = Math.max(1, Math.floor(sealed.length / 100))
    for (let at = 0; at < sealed.length; at += step) {
      const changed = Buffer.from(sealed)
      changed[at] = (changed[at] as number) ^ 0x80
      expect(seal.open(COUNTER, HEADER, changed)).toBeNull()
      expect(seal.open(COUNTER, HEADER, sealed.subarray(0, at))).toBeNull()
    }
    expect(seal.open(COUNTER, HEADER, Buffer.concat([sealed, Buffer.alloc(1)]))).toBeNull()
    expect(
      seal.open(
        COUNTER,
        HEADER.map((byte) => byte ^ 1),
        sealed,
      ),
    ).toBeNull()
    expect(seal.open(COUNTER + 1, HEADER, sealed)).toBeNull()
    expect(seal.open(COUNTER + EPOCH_DATAGRAMS, HEADER, sealed)).toBeNull()
    expect(seal.open(COUNTER, HEADER, sealed)).not.toBeNull()
  })

  it('what is sealed is kept by nobody: sealing again does not change it', () => {
    const seal = new SealByLength(SECRET)
    const first = seal.seal(1, HEADER, textOf(40))
    const copy = first.map((part) => Buffer.from(part))
    seal.seal(2, HEADER, textOf(40).fill(9))
    expect(first.map((part) => Buffer.from(part))).toEqual(copy)
  })
})
