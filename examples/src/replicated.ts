import { setTimeout as pause } from 'node:timers/promises'
import type { Store } from '@raft/node'

/** A value that JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** Other writers were faster at every attempt. Nothing was written. */
export class ConflictError extends Error {
  readonly code = 'EXAMPLE_CONFLICT'

  constructor(key: string) {
    super(`${key} was changed by others during each of ${MAX_ATTEMPTS} attempts: try again when less is written to it`)
  }
}

const MAX_ATTEMPTS = 50
/** The longest pause between two attempts, in ms. */
const MAX_PAUSE = 64

/**
 * One value under one key. Reads are linearizable: they see every write that was acknowledged before they began, on every member.
 *
 * The store may be that of an embedded node or of a client, and keeps its values as JSON. All methods reject with what it rejects with. After an `OutcomeUnknownError` the write may have taken effect, or may yet: it is
 * never repeated here, since a change that is applied twice is wrong. Read, and decide.
 */
export class ReplicatedValue<T extends Json> {
  readonly #store: Store
  readonly #key: string

  constructor(store: Store, name: string) {
    this.#store = store
    this.#key = checkName(name)
  }

  /** Undefined when nothing was set yet. */
  async get(): Promise<T | undefined> {
    return (await read<T>(this.#store, this.#key)).value
  }

  /** Overwrites whatever is there. To change what is there, use `update`. */
  async set(value: T): Promise<void> {
    await this.#store.put(this.#key, value)
  }

  /**
   * Replaces the value by what `change` makes of it, with nothing in between. `change` is called again when others were faster; when it
   * throws, nothing is written. @throws ConflictError
   */
  update(change: (current: T | undefined) => T): Promise<T> {
    return changeKey<T>(this.#store, this.#key, change)
  }
}

/** Entries under keys of their own, so that writers of different entries do not get in each other's way. */
export class ReplicatedMap<T extends Json> {
  readonly #store: Store
  readonly #prefix: string

  constructor(store: Store, name: string) {
    this.#store = store
    this.#prefix = `${checkName(name)}/`
  }

  async get(entry: string): Promise<T | undefined> {
    return (await read<T>(this.#store, this.#prefix + entry)).value
  }

  async set(entry: string, value: T): Promise<void> {
    await this.#store.put(this.#prefix + entry, value)
  }

  /** Sets several entries: all of them or none. */
  async assign(entries: Readonly<Record<string, T>>): Promise<void> {
    const success = Object.entries(entries).map(([entry, value]) => ({ type: 'put' as const, key: this.#prefix + entry, value }))
    await this.#store.transaction({ success })
  }

  /** As `ReplicatedValue.update`, for one entry. @throws ConflictError */
  update(entry: string, change: (current: T | undefined) => T): Promise<T> {
    return changeKey<T>(this.#store, this.#prefix + entry, change)
  }

  /** Whether there was such an entry. */
  async delete(entry: string): Promise<boolean> {
    return (await this.#store.delete(this.#prefix + entry)).deleted
  }

  /** All entries in the order of their names. They come in pages of 1,000, and each page is of the moment when it was read. */
  async *entries(): AsyncGenerator<[entry: string, value: T]> {
    for await (const { key, value } of this.#store.range({ prefix: this.#prefix })) yield [key.slice(this.#prefix.length), value as T]
  }
}

/** A list under one key: every change writes all of it, so keep it short. Long ones are better kept as entries of a map. */
export class ReplicatedList<T extends Json> {
  readonly #items: ReplicatedValue<readonly T[]>

  constructor(store: Store, name: string) {
    this.#items = new ReplicatedValue(store, name)
  }

  async get(): Promise<readonly T[]> {
    return (await this.#items.get()) ?? []
  }

  /** @throws ConflictError */
  async append(...items: readonly T[]): Promise<void> {
    await this.#items.update((current = []) => [...current, ...items])
  }

  /** As `ReplicatedValue.update`, for all of the list. @throws ConflictError */
  update(change: (current: readonly T[]) => readonly T[]): Promise<readonly T[]> {
    return this.#items.update((current = []) => change(current))
  }
}

async function read<T extends Json>(store: Store, key: string): Promise<{ readonly value: T | undefined; readonly revision: number }> {
  const found = await store.getEntry(key)
  return found === null ? { value: undefined, revision: 0 } : { value: found.value as T, revision: found.modRevision }
}

/** Reads, changes, and writes if the key is still at the revision that was read; a key that does not exist is at revision 0. */
async function changeKey<T extends Json>(store: Store, key: string, change: (current: T | undefined) => T): Promise<T> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const { value, revision } = await read<T>(store, key)
    const next = change(value)
    // What this rejects with is not caught: after an OutcomeUnknownError a second attempt could apply the change twice.
    const { succeeded } = await store.compareAndSet(key, revision, next)
    if (succeeded) return next
    // Others are at it too: each waits for another while, so that everybody's turn comes.
    await pause(Math.random() * Math.min(2 ** attempt, MAX_PAUSE))
  }
  throw new ConflictError(key)
}

/** A slash divides the name of a map from its entries. */
function checkName(name: string): string {
  if (name === '' || name.includes('/')) throw new TypeError(`the name ${JSON.stringify(name)} must not be empty, and have no slash`)
  return name
}
