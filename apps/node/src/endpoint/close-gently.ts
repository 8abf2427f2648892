import type { Socket } from 'node:net'

/** How long a client may take to see that it was answered for the last time, in ms. */
const LINGER = 5_000

/**
 * Ends the socket once everything written has left. What still comes is read and thrown away until the other side has ended too,
 * for a while: a socket that is closed with bytes unread is reset, and the reset can overtake the last answers (RFC 9112 §9.6).
 */
export function closeGently(socket: Socket): void {
  if (socket.writableEnded) return
  socket.end(() => {
    const timer = setTimeout(() => socket.destroy(), LINGER)
    socket.once('close', () => clearTimeout(timer))
  })
  socket.resume()
}
