import type { Socket } from 'node:net'
import { FIRST_BYTE } from '@raft/client/protocol'
import { ProtocolConnection } from '../endpoint/protocol-connection.js'
import type { ProtocolConnectionOptions } from '../endpoint/protocol-options.js'
import type { MemberSeal } from '../routing/member-seal.js'
import { TLS_FIRST_BYTE } from '../routing/member-seal.js'
import type { Slot } from './connection-slots.js'
import type { PortProtocol } from './port-protocol.js'
import { onSocket, type SocketTimeouts } from './socket-stream.js'

/** The client protocol, on connections of clients. */
export class ClientProtocol implements PortProtocol {
  readonly #options: ProtocolConnectionOptions
  readonly #timeouts: SocketTimeouts
  readonly #connections = new Set<ProtocolConnection>()
  #isRefusing = false

  constructor(options: ProtocolConnectionOptions, timeouts: SocketTimeouts) {
    this.#options = options
    this.#timeouts = timeouts
  }

  recognises(firstByte: number): boolean {
    return firstByte === FIRST_BYTE
  }

  serve(socket: Socket, slot: Slot): void {
    const introduced = () => slot.becomeClient()
    const connection = onSocket(socket, this.#timeouts, (stream) => new ProtocolConnection(stream, this.#options, introduced))
    this.#connections.add(connection)
    socket.on('close', () => this.#connections.delete(connection))
    if (this.#isRefusing) connection.refuse()
    socket.resume()
  }

  get isAnswered(): boolean {
    return [...this.#connections].every((connection) => connection.isAnswered)
  }

  /** Clients are told to ask another member. */
  close(): void {
    this.#isRefusing = true
    for (const connection of this.#connections) connection.refuse()
  }
}

/** The client protocol on connections of other members, which prove by a handshake that they have the cluster's secret. */
export class SealedProtocol implements PortProtocol {
  readonly #seal: MemberSeal
  readonly #inner: ClientProtocol
  readonly #onUnproved: () => void
  readonly isAnswered = true

  /** @param onUnproved a connection like that of a member could not prove itself */
  constructor(seal: MemberSeal, inner: ClientProtocol, onUnproved: () => void) {
    this.#seal = seal
    this.#inner = inner
    this.#onUnproved = onUnproved
  }

  recognises(firstByte: number): boolean {
    return firstByte === TLS_FIRST_BYTE
  }

  serve(socket: Socket, slot: Slot): void {
    const sealed = this.#seal.accept(socket)
    let hasProved = false
    socket.on('error', () => socket.destroy())
    sealed.on('error', () => {
      if (!hasProved) this.#onUnproved()
      socket.destroy()
    })
    // Read from now on, or the end of the other side would not be noticed. Nothing comes of it before the handshake has ended.
    const onEnd = () => socket.destroy()
    sealed.once('end', onEnd)
    sealed.resume()
    sealed.once('secure', () => {
      sealed.off('end', onEnd)
      hasProved = true
      if (slot.becomeMember()) this.#inner.serve(sealed, slot)
    })
  }

  /** A connection that has proved itself belongs to the client protocol, which closes it. */
  close(): void {}
}
