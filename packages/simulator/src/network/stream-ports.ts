import type { StreamEnd } from './stream.js'

/** What a stream tells its owner; never from within one of its methods, and late while the process is paused. */
export interface StreamEvents {
  /** Once, before any data. */
  readonly onOpen?: () => void
  /** In order; the chunk is the owner's from here on. */
  readonly onData: (chunk: Uint8Array) => void
  /** After a `write` that returned false, when everything written has left. */
  readonly onDrain: () => void
  /** The other side sends no more, but may still wait for answers. Without it the stream closes then. */
  readonly onEnd?: () => void
  /** Once, and nothing after it; not after `close`. */
  readonly onClose: (error: Error | null) => void
}

/** How one stream is; drawn for each. */
export interface StreamTemper {
  readonly windowBytes: number
  readonly breakAfter: number
  readonly cutting: number
  /** Chance that what is written waits a moment for more. */
  readonly holding: number
}

/** What a stream asks of the network that it is on. */
export interface StreamWire {
  /** Takes the action to the other side: late, twice or never. */
  carry(to: StreamEnd, arrive: (there: StreamEnd) => void): void
  /** A packet came for a process that is gone: whether the system there is up, and says so. */
  isAnswered(gone: StreamEnd): boolean
  onGone(stream: StreamEnd): void
  count(what: string): void
}
