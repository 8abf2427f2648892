import { createHash } from 'node:crypto'
import type { Keyspace } from './keyspace.js'

const CHUNK_BYTES = 128 * 1024
const HEADER_BYTES = 4 + 4 + 8 + 8 + 8

/**
 * SHA-256, in hexadecimal, of `revision f64` and then, in order, of every key:
 * `key length u32 | value length u32 | createRevision f64 | modRevision f64 | version f64 | key | value`.
 */
export function digest(keys: Keyspace, revision: number): string {
  const hash = createHash('sha256')
  // Many small updates cost more than the hashing: gather them.
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  let used = chunk.writeDoubleLE(revision, 0)
  keys.forEach((key, { value, createRevision, modRevision, version }) => {
    if (used + HEADER_BYTES + key.length > CHUNK_BYTES) {
      hash.update(chunk.subarray(0, used))
      used = 0
    }
    used = chunk.writeUInt32LE(key.length, used)
    used = chunk.writeUInt32LE(value.length, used)
    used = chunk.writeDoubleLE(createRevision, used)
    used = chunk.writeDoubleLE(modRevision, used)
    used = chunk.writeDoubleLE(version, used)
    used += chunk.write(key, used, 'latin1')
    if (used + value.length > CHUNK_BYTES) {
      hash.update(chunk.subarray(0, used))
      used = 0
    }
    if (value.length > CHUNK_BYTES) {
      hash.update(value)
    } else {
      chunk.set(value, used)
      used += value.length
    }
  })
  hash.update(chunk.subarray(0, used))
  return hash.digest('hex')
}
