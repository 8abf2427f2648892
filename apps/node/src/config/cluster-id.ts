import { createHash } from 'node:crypto'
import type { MemberId } from '@raft/core'
import { deriveKey, type Secret } from '@raft/udp-transport'

const PREFIX = 'raft-'
const ID_BYTES = 12
const PURPOSE = 'raft cluster id 1'

/**
 * The id that a new directory gets where none is configured: the same on every member, since all are given the same members and
 * the same secret, and another one in a cluster with another secret, whatever its members are called. It is shown to strangers, and
 * says nothing about the secret.
 */
export async function deriveClusterId(members: Iterable<MemberId>, secret: Secret): Promise<string> {
  const key = await deriveKey(secret, canonical(members), PURPOSE)
  return PREFIX + Buffer.from(key).subarray(0, ID_BYTES).toString('hex')
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
