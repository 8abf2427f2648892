import type { Socket } from 'node:net'
import { clearTimeout, setTimeout } from '@raft/system'

/** How long a client may take to see that it was answered for the last time, in ms. */
export const LINGER = 5_000
/** So many times as long a client that still sends may take to take its last answers. */
const TAKING = 12

/**
 * Ends the socket once everything written has left. What still comes is read and thrown away until the other side has ended too,
 * for a while: a socket that is closed with bytes unread is reset, and the reset can overtake the last answers (RFC 9112 §9.6).
 */
export function closeGently(socket: Socket, linger: number): void {
  if (socket.writableEnded || socket.destroyed) return
  // Neither its owner nor, where Node's HTTP server had it, a parser looks at what still comes.
  socket.removeAllListeners('data')
  const destroy = () => socket.destroy()
  // A socket that something comes on is not idle, even if nothing leaves it.
  let timer = socket.readableEnded ? undefined : setTimeout(destroy, TAKING * linger)
  socket.once('close', () => clearTimeout(timer))
  socket.end(() => {
    clearTimeout(timer)
    if (!socket.destroyed) timer = setTimeout(destroy, linger)
  })
  socket.on('data', () => {})
  socket.resume()
}
