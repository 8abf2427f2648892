import { createHmac, hkdfSync, scrypt } from 'node:crypto'
import { ConfigurationError } from '@raft/core'

/** A secret that every member of the cluster knows: 32 bytes or more, or 64 hexadecimal digits. Anything else counts as a passphrase. */
export type Secret = string | Uint8Array

const MIN_SECRET_BYTES = 16
const KEY_BYTES = 32
/** 32 bytes as `openssl rand -hex 32` prints them. */
const HEXADECIMAL_KEY = /^[0-9a-f]{64}$/i
/** 32 MB and about 0.1 s for each guess. */
const SCRYPT = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }

/** What is derived from one secret, for one cluster. */
export interface SecretKeys {
  /** Tells the receiver which of its secrets to verify with; says nothing about the secret. */
  readonly hint: number
  readonly authenticationKey: Uint8Array
  readonly sessionKey: Uint8Array
}

/**
 * @throws ConfigurationError for an empty list, or a secret that is too short.
 */
export function checkSecrets(secrets: readonly Secret[]): void {
  if (secrets.length === 0) throw new ConfigurationError('secrets is empty: give the secret that all members share')
  secrets.forEach((secret, i) => {
    const length = typeof secret === 'string' ? Buffer.byteLength(secret) : secret.length
    if (length < MIN_SECRET_BYTES)
      throw new ConfigurationError(
        `secrets[${i}] has ${length} bytes, at least ${MIN_SECRET_BYTES} are needed: make one with 'openssl rand -hex 32'`,
      )
  })
}

type Derived = (error: Error | null, keys: SecretKeys[]) => void

/** Derives the keys of all secrets. One that is a key is used as it is; a passphrase passes through scrypt first. */
export function deriveSecrets(secrets: readonly Secret[], clusterId: string, done: Derived): void {
  deriveAll(secrets, clusterId, keyIn, done)
}

/** The keys that members before this version derive of the same secrets: to them 64 hexadecimal digits were a passphrase. */
export function deriveFormer(secrets: readonly Secret[], clusterId: string, done: Derived): void {
  const former = secrets.filter((secret) => typeof secret === 'string' && keyIn(secret) !== null)
  deriveAll(former, clusterId, () => null, done)
}

function deriveAll(secrets: readonly Secret[], clusterId: string, keyOf: (secret: Secret) => Uint8Array | null, done: Derived): void {
  const keys: SecretKeys[] = []
  const next = (i: number): void => {
    const secret = secrets[i]
    if (secret === undefined) {
      done(null, keys)
      return
    }
    const add = (key: Uint8Array) => {
      const derived = keysOf(key, clusterId)
      if (!keys.some((known) => known.hint === derived.hint)) keys.push(derived)
      next(i + 1)
    }
    const key = keyOf(secret)
    if (key !== null) add(key)
    else scrypt(secret, `raft-udp 1 ${clusterId}`, KEY_BYTES, SCRYPT, (error, key) => (error === null ? add(key) : done(error, [])))
  }
  next(0)
}

/**
 * 32 bytes that follow from a secret for one purpose, and say nothing about the secret: HKDF-SHA256 of a key, with `salt` and
 * `purpose`. A passphrase passes through scrypt first, so that to guess it costs about 0.1 s for each guess.
 */
export async function deriveKey(secret: Secret, salt: string, purpose: string): Promise<Uint8Array> {
  const key = keyIn(secret)
  if (key !== null) return expand(key, salt, purpose)
  const stretched = await new Promise<Uint8Array>((resolve, reject) => {
    scrypt(secret, `${purpose} ${salt}`, KEY_BYTES, SCRYPT, (error, made) => (error === null ? resolve(made) : reject(error)))
  })
  return expand(stretched, salt, purpose)
}

/** What nobody can guess needs no stretching. Null for a passphrase. */
function keyIn(secret: Secret): Uint8Array | null {
  if (typeof secret === 'string') return HEXADECIMAL_KEY.test(secret) ? Buffer.from(secret, 'hex') : null
  return secret.length >= KEY_BYTES ? secret : null
}

/** The keys of those who chose to have no secret: anyone can derive them. */
export function publicKeys(clusterId: string): SecretKeys {
  return keysOf(new Uint8Array(KEY_BYTES), clusterId)
}

function keysOf(key: Uint8Array, clusterId: string): SecretKeys {
  const authenticationKey = expand(key, clusterId, 'raft-udp 1 authentication')
  return {
    hint: createHmac('sha256', authenticationKey).update('hint').digest().readUInt32LE(0),
    authenticationKey,
    sessionKey: expand(key, clusterId, 'raft-udp 1 session'),
  }
}

/** HKDF-SHA256 (RFC 5869). */
export function expand(key: Uint8Array, salt: string | Uint8Array, info: string | Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, salt, info, KEY_BYTES))
}
