import { createHash } from 'node:crypto'
import type { MemberId } from '@raft/core'

/** The cluster id where none is configured: the same on every member, since all are given the same members at bootstrap. */
export function deriveClusterId(members: Iterable<MemberId>): string {
  const ids = [...members].sort()
  return `raft-${createHash('sha256').update(JSON.stringify(ids)).digest('hex').slice(0, 24)}`
}
