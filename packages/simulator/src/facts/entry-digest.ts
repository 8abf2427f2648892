import type { EntryBatch } from '@raft/core'

/** What an entry is, in one number: its kind and its bytes. Equal entries have equal digests; others, nearly never. */
export function entryDigest(entries: EntryBatch, index: number): number {
  const at = index - entries.firstIndex
  const start = entries.offsets[at] as number
  return digest(entries.bytes[start] as number, entries.bytes, start + 1, entries.offsets[at + 1] as number)
}

/** The digest of an entry of this kind with this payload. */
export function payloadDigest(kind: number, payload: Uint8Array): number {
  return digest(kind, payload, 0, payload.length)
}

/** 53 bits: two hashes side by side (FNV-1a, and a multiplicative one over its states). */
export function digest(seed: number, bytes: Uint8Array, start: number, end: number): number {
  let low = Math.imul(0x811c_9dc5 ^ seed, 0x0100_0193)
  let high = Math.imul(low ^ (end - start), 0x9e37_79b1)
  const words = start + ((end - start) & ~3)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = start
  for (; at < words; at += 4) {
    low = Math.imul(low ^ view.getUint32(at), 0x0100_0193)
    high = Math.imul(high ^ (low >>> 7), 0x85eb_ca6b)
    low ^= low >>> 15
  }
  for (; at < end; at++) {
    low = Math.imul(low ^ (bytes[at] as number), 0x0100_0193)
    high = Math.imul(high ^ (low >>> 7), 0x85eb_ca6b)
  }
  return ((high ^ (high >>> 16)) >>> 0) * 0x20_0000 + ((low ^ (low >>> 11)) & 0x1f_ffff)
}
