import { type Command, encodeCommand, type StoreResult } from '@raft/commands'
import { EntryBatch, EntryKind } from '@raft/core'
import type { KeyValueStore } from '@raft/state-machine'

export const bytes = (text: string) => Buffer.from(text, 'latin1')

export const text = (value: Uint8Array) => Buffer.from(value).toString('latin1')

/** Applies payloads as one batch that follows what was applied before, in as many calls as the store needs. */
export function applyPayloads(store: KeyValueStore, payloads: readonly Uint8Array[]): readonly (StoreResult | undefined)[] {
  const batch = EntryBatch.of(store.lastApplied + 1, 1, EntryKind.Command, payloads)
  const results: (StoreResult | undefined)[] = []
  while (store.lastApplied < batch.lastIndex) results.push(...store.apply(batch.slice(store.lastApplied + 1, batch.lastIndex)))
  return results
}

export function apply(store: KeyValueStore, command: Command): StoreResult | undefined {
  return applyPayloads(store, [encodeCommand(command)])[0]
}

export function put(store: KeyValueStore, key: string, value: string): void {
  apply(store, { type: 'put', key: bytes(key), value: bytes(value) })
}

export function keysOf(store: KeyValueStore): string[] {
  return store.range({ limit: 10_000 }).entries.map((entry) => text(entry.key))
}
