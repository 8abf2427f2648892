import { createHash } from 'node:crypto'
import { ConfigurationError, type MemberId } from '@raft/core'

/** The cluster id where none is configured: the same on every member, since all are given the same members at bootstrap. */
export function deriveClusterId(members: Iterable<MemberId>): string {
  const ids = [...members].sort()
  return `raft-${createHash('sha256').update(JSON.stringify(ids)).digest('hex').slice(0, 24)}`
}

/** The client protocol has room for so much, whatever transport and storage take. @throws ConfigurationError */
export function checkName(option: string, value: string): void {
  const bytes = Buffer.byteLength(value)
  if (bytes < 1 || bytes > 255 || !value.isWellFormed())
    throw new ConfigurationError(
      `${option}: expected text of 1 to 255 bytes without lone surrogates, found ${JSON.stringify(value.slice(0, 80))}`,
    )
}
