import { randomFillSync } from 'node:crypto'
import { EntryBatch, EntryKind } from '@raft/core'

/** The size of a command in all parts, unless they say otherwise. */
export const PAYLOAD_BYTES = 128

export function payloads(count: number, bytes = PAYLOAD_BYTES): Uint8Array[] {
  return Array.from({ length: count }, () => randomFillSync(new Uint8Array(bytes)))
}

/** Entries of random commands, all of term 1. */
export function batchOf(firstIndex: number, commands: readonly Uint8Array[]): EntryBatch {
  return EntryBatch.of(firstIndex, 1, EntryKind.Command, commands)
}

export function elapsed(startedAt: number): number {
  return (performance.now() - startedAt) / 1000
}
