import { createHash } from 'node:crypto'
import { ConfigurationError, type MemberId } from '@raft/core'
import { deriveKeys, type Secret } from '@raft/udp-transport'

const PREFIX = 'raft-'
const ID_BYTES = 12
const PURPOSE = 'raft cluster id 1'

/**
 * The id that a new directory gets where none is configured: the same on every member, since all are given the same members and
 * the same secret, and another one in a cluster with another secret, whatever its members are called. It is shown to strangers, and
 * says nothing about the secret.
 */
export async function deriveClusterId(members: Iterable<MemberId>, secret: Secret): Promise<string> {
  const [key] = await deriveKeys([secret], canonical(members), PURPOSE)
  return (
    PREFIX +
    Buffer.from(key ?? [])
      .subarray(0, ID_BYTES)
      .toString('hex')
  )
}

/** The id where there is no secret; and that which versions before 30 November 2026 gave to every directory. */
export function clusterIdOfMembers(members: Iterable<MemberId>): string {
  return (
    PREFIX +
    createHash('sha256')
      .update(canonical(members))
      .digest('hex')
      .slice(0, 2 * ID_BYTES)
  )
}

function canonical(members: Iterable<MemberId>): string {
  return JSON.stringify([...members].sort())
}

/** The client protocol has room for so much, whatever transport and storage take. @throws ConfigurationError */
export function checkName(option: string, value: string): void {
  const bytes = Buffer.byteLength(value)
  if (bytes < 1 || bytes > 255 || !value.isWellFormed())
    throw new ConfigurationError(
      `${option}: expected text of 1 to 255 bytes without lone surrogates, found ${JSON.stringify(value.slice(0, 80))}`,
    )
}
