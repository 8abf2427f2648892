import type { Socket } from 'node:net'
import { closeGently } from './close-gently.js'

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

export interface SocketTimeouts {
  /** Without bytes in either direction for so long, the owner is asked whether it is idle; ms. */
  readonly idle: number
  /** How long the other side may take to end, once this one has; ms. */
  readonly linger: number
}

/** The socket as a stream that belongs to what `open` makes of it. */
export function onSocket<Owner extends StreamOwner>(socket: Socket, timeouts: SocketTimeouts, open: (stream: ByteStream) => Owner): Owner {
  const owner = open({
    get waitingBytes() {
      return socket.writableLength
    },
    write: (bytes) => {
      if (socket.writable) socket.write(bytes)
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    end: () => closeGently(socket, timeouts.linger),
    destroy: () => socket.destroy(),
  })
  socket.setNoDelay(true)
  socket.setTimeout(timeouts.idle)
  // Given to `setTimeout` it would be called once, and whoever was busy then would never be idle again.
  socket.on('timeout', () => owner.idle())
  socket.on('data', (chunk) => owner.receive(chunk))
  socket.on('drain', () => owner.drained())
  socket.on('end', () => owner.drain())
  socket.on('error', () => socket.destroy())
  socket.on('close', () => owner.closed())
  return owner
}
