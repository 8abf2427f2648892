import type { Socket } from 'node:net'
import type { ByteStream, StreamOwner } from '../endpoint/byte-stream.js'
import { closeGently } from './close-gently.js'

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
