import { encodeDelete } from '@raft/commands'
import { EntryBatch, EntryKind } from '@raft/core'
import type { KeyValueStore } from '@raft/state-machine'

/** One state in so many is looked at: each look walks over all keys. */
const EVERY = 16
/** Keys that are deleted by one batch of entries. */
const MANY = 1000

/**
 * An oracle: what a store says that it holds is what it holds, and nothing is left when all its keys have been deleted. Equal states
 * hold equally much, so that one of several members is enough; but each member has come to its state by itself.
 */
export class StoreAccounts {
  readonly #onViolation: (message: string) => void
  #states = 0

  constructor(onViolation: (message: string) => void) {
    this.#onViolation = onViolation
  }

  /** To be called for each state. */
  look(store: KeyValueStore): void {
    this.#states += 1
    if (this.#states % EVERY === 0) this.#check(store, 'a store')
  }

  /** Nothing uses the store any more: it is checked, emptied, and checked again. */
  finish(id: string, store: KeyValueStore): void {
    this.#check(store, `the store of ${id}`)
    while (store.size > 0) deleteSome(store)
    this.#check(store, `the store of ${id}, of which every key was deleted,`)
    for (const { name, there } of store.heldSums())
      if (there > 0 && name !== 'empty slabs') this.#onViolation(`the store of ${id} holds ${there} ${name}, though every key was deleted`)
  }

  #check(store: KeyValueStore, what: string): void {
    for (const { name, kept, there } of store.heldSums())
      if (kept !== there) this.#onViolation(`${what} counts ${kept} ${name}, where there are ${there}`)
  }
}

function deleteSome(store: KeyValueStore): void {
  const { entries } = store.range({ limit: MANY })
  const commands = entries.map(({ key }) => encodeDelete(key))
  const batch = EntryBatch.of(store.lastApplied + 1, 1, EntryKind.Command, commands)
  while (store.lastApplied < batch.lastIndex) store.apply(batch.slice(store.lastApplied + 1, batch.lastIndex))
}
