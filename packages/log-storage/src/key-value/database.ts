import type { Backend } from '../backends.js'

/** The records as they were at one moment, whatever is written meanwhile. */
export interface DatabaseView {
  /** The value is the caller's own; null where there is none. */
  get(key: Uint8Array): Promise<Uint8Array | null>
  /** Called once; nothing is asked for afterwards. */
  release(): void
}

export interface DatabaseWrite {
  readonly puts: readonly (readonly [key: Uint8Array, value: Uint8Array])[]
  readonly removes: readonly Uint8Array[]
}

/** What a log needs of an ordered key-value database. Keys are ordered bytewise. One process uses it. */
export interface Database {
  /** Begins at once: writes that were fulfilled are seen, one that is in flight may be, and none that comes later is. */
  view(): DatabaseView
  /** All records, ascending. Nothing is written meanwhile; what is yielded is valid until the next is asked for. */
  records(): AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]>
  /** One step: fulfilled when all of it is durable, together with everything written before. One at a time. */
  write(write: DatabaseWrite): Promise<void>
  close(): Promise<void>
}

/** Opens the database in a directory: makes a new one when `isNew`, and otherwise only what is there. @throws LogDamagedError */
export type OpenDatabase = (directory: string, isNew: boolean) => Promise<Database>

export interface DatabaseKind {
  readonly backend: Backend
  /** Loads the package, not before it is needed. @throws MissingPackageError */
  load(): Promise<OpenDatabase>
}
