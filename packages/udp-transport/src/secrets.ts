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

/** The keys that are derived from one secret, for one cluster. */
export interface SecretKeys {
  /** Tells the receiver which of its secrets to verify with; says nothing about the secret. */
  readonly hint: number
  readonly authenticationKey: Uint8Array
  readonly sessionKey: Uint8Array
}

/**
 * @throws ConfigurationError for an empty list, a secret that is too short, or one that is no text.
 */
export function checkSecrets(secrets: readonly Secret[]): void {
  if (secrets.length === 0) throw new ConfigurationError('secrets is empty: give the secret that all members share')
  secrets.forEach((secret, i) => {
    // All of them would count as the same three bytes each.
    if (typeof secret === 'string' && !secret.isWellFormed())
      throw new ConfigurationError(`secrets[${i}] has lone surrogates, which no text has: give other bytes as a Uint8Array`)
    const length = typeof secret === 'string' ? Buffer.byteLength(secret) : secret.length
    if (length < MIN_SECRET_BYTES)
      throw new ConfigurationError(
        `secrets[${i}] has ${length} bytes, at least ${MIN_SECRET_BYTES} are needed: make one with 'openssl rand -hex 32'`,
      )
  })
}

type Derived = (error: Error | null, keys: SecretKeys[]) => void
type Mastered = (error: Error | null, keys: Uint8Array[]) => void

/** Derives the keys of all secrets. One that is a key is used as it is; a passphrase passes through scrypt first. */
export function deriveSecrets(secrets: readonly Secret[], clusterId: string, done: Derived): void {
  deriveAll(secrets, clusterId, keyIn, done)
}

/**
 * Keys of 32 bytes for something else that members keep from strangers with the same secrets: one for each secret, in their order.
 * They say nothing about the keys that seal datagrams, nor about those of another purpose.
 * @throws ConfigurationError for an empty list, or a secret that is too short.
 */
export function deriveKeys(secrets: readonly Secret[], clusterId: string, purpose: string): Promise<readonly Uint8Array[]> {
  return new Promise((resolve, reject) => {
    checkSecrets(secrets)
    masterKeys(secrets, clusterId, keyIn, (error, keys) => {
      if (error === null) resolve(keys.map((key) => expand(key, clusterId, purpose)))
      else reject(error)
    })
  })
}

/** The keys that members before this version derive of the same secrets: to them 64 hexadecimal digits were a passphrase. */
export function deriveFormer(secrets: readonly Secret[], clusterId: string, done: Derived): void {
  const former = secrets.filter((secret) => typeof secret === 'string' && keyIn(secret) !== null)
  deriveAll(former, clusterId, () => null, done)
}

type KeyOf = (secret: Secret) => Uint8Array | null

function deriveAll(secrets: readonly Secret[], clusterId: string, keyOf: KeyOf, done: Derived): void {
  masterKeys(secrets, clusterId, keyOf, (error, masters) => {
    const keys: SecretKeys[] = []
    for (const master of masters) {
      const derived = keysOf(master, clusterId)
      if (!keys.some((known) => known.hint === derived.hint)) keys.push(derived)
    }
    done(error, keys)
  })
}

/** Derives the master keys: of a secret that is a key, as `keyOf` gives it; of any other, by scrypt, one at a time. */
function masterKeys(secrets: readonly Secret[], clusterId: string, keyOf: KeyOf, done: Mastered): void {
  const keys: Uint8Array[] = []
  const next = (i: number): void => {
    const secret = secrets[i]
    if (secret === undefined) {
      done(null, keys)
      return
    }
    const add = (key: Uint8Array) => {
      keys.push(key)
      next(i + 1)
    }
    const key = keyOf(secret)
    if (key !== null) add(key)
    else scrypt(secret, `raft-udp 1 ${clusterId}`, KEY_BYTES, SCRYPT, (error, key) => (error === null ? add(key) : done(error, [])))
  }
  next(0)
}

/** The key that a secret is, which needs no stretching, as nobody can guess it. Null for a passphrase. */
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
