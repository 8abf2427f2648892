import type { Socket } from 'node:net'
import type { Slot } from './connection-slots.js'

/** One of the protocols that are spoken on the client port. The first byte of a connection tells which. */
export interface PortProtocol {
  /** Whether a connection that begins with this byte speaks this protocol. */
  recognises(firstByte: number): boolean
  /** Takes over a connection, of which nothing is read yet. */
  serve(socket: Socket, slot: Slot): void
  /** Whether each request that was taken is answered. */
  readonly isAnswered: boolean
  /** Takes nothing new from now on, and ends its connections when what is under way is answered. */
  close(): void
}
