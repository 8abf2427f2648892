/** What a connection tells its owner. Never called from within `connect`, `write` or `close`. */
export interface ConnectionEvents {
  /** Once, before any data. */
  readonly onOpen: () => void
  /** In order; the chunk is the owner's from here on. */
  readonly onData: (chunk: Uint8Array) => void
  /** After a `write` that returned false, when there is room again. */
  readonly onDrain: () => void
  /** Once, and nothing after it; also when the connection could not be made. Not called after `close`. */
  readonly onClose: (error: Error | null) => void
}

/** A stream of bytes to one member: reliable and in order while it lasts. */
export interface Connection {
  /**
   * Takes bytes that will not be written to again. They may or may not arrive, once this was called.
   * @returns false when enough is waiting: hold back until `onDrain`.
   */
  write(bytes: Uint8Array): boolean
  /** Ends it at once. No event follows. */
  close(): void
}

/** Opens connections: TCP by default. */
export interface Connector {
  /** `address` is `host:port`. What goes wrong is told by `onClose`. */
  connect(address: string, events: ConnectionEvents): Connection
}

/** Time in milliseconds, from any origin, never falling. The same shape as the clock of `@raft/core`. */
export interface Clock {
  now(): number
  /** Calls `callback` once at `time` or later, and never from inside `schedule`; returns a function that calls it off. */
  schedule(time: number, callback: () => void): () => void
  /** Calls `callback` once, after what runs now and what it has made ready to run: the requests of one turn share one write. */
  defer(callback: () => void): void
}
