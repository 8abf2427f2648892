/** What a connection needs of the stream of bytes below it: a socket's, or a simulated one's. */
export interface ByteStream {
  /** Bytes that were written and have not left. */
  readonly waitingBytes: number
  /** Does nothing once the stream has ended. The bytes are not written to again. */
  write(bytes: Uint8Array): void
  /** Nothing more is read until `resume`; what has been read may still come. */
  pause(): void
  resume(): void
  /** Ends it once everything written has left. */
  end(): void
  /** Ends it at once. */
  destroy(): void
}

/** What happens to a stream, for whoever owns it. */
export interface StreamOwner {
  receive(chunk: Uint8Array): void
  /** There is room for more. */
  drained(): void
  /** The other side sends no more, but may still wait for answers. */
  drain(): void
  /** The stream has ended, both ways. */
  closed(): void
  /** Nothing was sent or taken for the idle timeout. */
  idle(): void
}
