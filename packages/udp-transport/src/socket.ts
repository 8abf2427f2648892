/** A resolved place on the network. */
export interface Endpoint {
  /** An IPv4 or IPv6 address, never a name. */
  readonly address: string
  readonly port: number
}

/** What a socket tells its owner. Called one at a time, never from inside `send`. */
export interface DatagramHandlers {
  /** The bytes belong to the handler from then on. */
  onDatagram(bytes: Uint8Array, from: Endpoint): void
  /** The system says that nobody listens at the other end (connected sockets only). */
  onRefused(): void
  /** A datagram could not be sent, or the socket failed to read one. */
  onError(error: Error): void
}

export interface DatagramSocket {
  readonly local: Endpoint
  /** What the system granted, in bytes as it counts them: the whole of a datagram's kernel memory counts (see `kernelCost`). */
  readonly receiveBufferBytes: number
  /** The largest datagram that leaves by this socket's interface in one piece; null where that is not known. */
  readonly maxDatagramBytes: number | null
  /** Sends one datagram of `parts` joined; `to` is null on a connected socket. Never throws; the parts are not written to again. */
  send(parts: readonly Uint8Array[], to: Endpoint | null): void
  /** Nothing is sent, received or reported after this. Safe to call twice. */
  close(): void
}

/** Where sockets come from: `nodeSockets` by default; a simulator brings its own. `done` is called once. */
export interface DatagramSockets {
  bind(local: Endpoint, handlers: DatagramHandlers, done: (error: Error | null, socket: DatagramSocket | null) => void): void
  connect(remote: Endpoint, handlers: DatagramHandlers, done: (error: Error | null, socket: DatagramSocket | null) => void): void
  /** Resolves a name to all its addresses, of both families, the one to be tried first first; or gives back an address. */
  lookup(host: string, done: (error: Error | null, addresses: readonly string[]) => void): void
}
