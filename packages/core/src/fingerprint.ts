import type { EntryBatch } from './entry-batch.js'

/** The hash of no entries. */
export const HASH_START = 0x811c9dc5

/** Goes on with a hash (FNV-1a) over the batch's entries and where each ends. */
export function hashEntries(hash: number, batch: EntryBatch): number {
  let result = hash
  for (let index = batch.firstIndex; index <= batch.lastIndex; index++) {
    result = Math.imul(result ^ batch.kind(index), 0x01000193)
    const payload = batch.payload(index)
    for (const byte of payload) result = Math.imul(result ^ byte, 0x01000193)
    result = Math.imul(result ^ payload.length, 0x01000193)
  }
  return result >>> 0
}

/** Tells batches apart in the fingerprint of what holds them; empty for null. */
export function digestOf(batch: EntryBatch | null): string {
  return batch === null ? '' : `${batch.firstIndex}+${batch.count}:${hashEntries(HASH_START, batch)}`
}
