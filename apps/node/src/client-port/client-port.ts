import type { RequestListener, Server } from 'node:http'
import type { Socket } from 'node:net'
import { clearTimeout, type HostPort, setImmediate, setTimeout } from '@raft/system'
import { addressesOf, isNoAddressHere } from '../config/listening.js'
import type { ProtocolConnectionOptions } from '../endpoint/protocol-options.js'
import { LAST_MOMENT } from '../http/pipeline.js'
import type { MemberSeal } from '../routing/member-seal.js'
import { ClientProtocol, SealedProtocol } from './client-protocol.js'
import { closeGently } from './close-gently.js'
import { ConnectionSlots, type Places, placesFor, type Slot, type TurnAwayReason } from './connection-slots.js'
import { HttpProtocol } from './http-protocol.js'
import { nobodyComes } from './nobody-comes.js'
import { defaultPatience, type Patience } from './patience.js'
import type { PortProtocol } from './port-protocol.js'

export interface ClientPortOptions {
  readonly address: HostPort
  /** All addresses of a host, the first to be tried first. Default: what the system says. */
  readonly resolve?: (host: string) => Promise<readonly string[]>
  readonly onRequest: RequestListener
  readonly protocol: ProtocolConnectionOptions
  /** Connections of clients at one time; those beyond it are refused. */
  readonly maxConnections: number
  /**
   * Connections of all kinds at one time, those that are turned away among them, and at least 16. Where they do not suffice for
   * `maxConnections` clients and the members, fewer clients are served. Default: without limit.
   */
  readonly maxSockets?: number
  /** By what other members prove themselves, and get places of their own; null: they are clients like others. */
  readonly seal: MemberSeal | null
  /** A connection was turned away: see `TurnAwayReason`; `handshake`: what should have been a member's could not prove itself. */
  readonly onRefused: (reason: TurnAwayReason | 'handshake') => void
  /** A connection that asks for nothing is closed after this long, in ms. */
  readonly idleTimeout: number
  /** How long clients may take over what they do. */
  readonly patience?: Patience
}

/** How long the client of an idle connection may take to end it, too, when the member stops; ms. */
const LAST_LINGER = 500
/** How often it is looked at whether everything is answered when the member stops; ms. */
const ANSWERED_INTERVAL = 5

/** One port for all protocols: the first byte of a connection tells which is spoken on it. */
export class ClientPort {
  readonly #options: ClientPortOptions
  readonly #http: HttpProtocol
  readonly #client: ClientProtocol
  /** The first that recognises a connection serves it. */
  readonly #protocols: readonly PortProtocol[]
  readonly #patience: Patience
  /** The place of every connection that is open. */
  readonly #sockets = new Map<Socket, Slot>()
  readonly #places: Places
  readonly #slots: ConnectionSlots
  /** Connections that have said nothing yet. */
  readonly #silent = new Set<Socket>()
  /** Number of connections that have come. */
  #came = 0
  #closing = false
  #destroyed = false
  /** Begin to read connections that came when it was almost over: after the port is closed. Null before: they are read at once. */
  #delayed: (() => void)[] | null = null
  #endMoment = () => {}
  #closed: Promise<void> | undefined

  constructor(options: ClientPortOptions) {
    this.#options = options
    const { maxConnections, maxSockets = Number.POSITIVE_INFINITY, onRefused, protocol, seal, onRequest, idleTimeout } = options
    const { patience = defaultPatience } = options
    this.#patience = patience
    this.#places = placesFor(maxConnections, maxSockets)
    this.#slots = new ConnectionSlots({ places: this.#places, introduction: patience.introduction, onRefused })
    this.#client = new ClientProtocol(protocol, { idle: idleTimeout, linger: patience.linger })
    const sealed = seal === null ? [] : [new SealedProtocol(seal, this.#client, () => onRefused('handshake'))]
    this.#http = new HttpProtocol({ onRequest, account: protocol.account, patience, idleTimeout, linger: () => this.#linger })
    this.#protocols = [this.#client, ...sealed, this.#http]
    this.#http.server.on('connection', (socket: Socket) => this.#accept(socket))
  }

  get #server(): Server {
    return this.#http.server
  }

  /** Connections that are open, those that have not introduced themselves among them. */
  get connections(): number {
    return this.#sockets.size
  }

  /** Maximum number of connections of clients. */
  get maxClients(): number {
    return this.#places.clients
  }

  /** Connections of other members among them. */
  get members(): number {
    return this.#slots.members
  }

  /**
   * At the first address of the host that this machine has. Fulfilled with where that is.
   * @throws the system's error when the address cannot be bound
   */
  async listen(): Promise<HostPort> {
    const { address, resolve = addressesOf } = this.#options
    const hosts = await resolve(address.host)
    for (const [i, host] of hosts.entries()) {
      try {
        return await this.#listenAt({ ...address, host })
      } catch (error) {
        if (!isNoAddressHere(error) || i === hosts.length - 1) throw error
      }
    }
    throw new Error(`${address.host} has no address`)
  }

  #listenAt({ host, port }: HostPort): Promise<HostPort> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject)
        // Nothing here may end the process. Where there is no descriptor for a new connection, libuv ends that one.
        this.#server.on('error', () => {})
        resolve({ host, port })
      })
    })
  }

  /** Takes nothing new, lets what is under way be answered, and fulfils once every connection has ended. */
  close(): Promise<void> {
    if (this.#closed !== undefined) return this.#closed
    this.#closing = true
    for (const protocol of this.#protocols) protocol.close()
    this.#closed = this.#stopListening()
    return this.#closed
  }

  /** After `close`: fulfilled once every request that was taken is answered. What comes after them needs nothing of the member. */
  async answered(): Promise<void> {
    while (!this.#protocols.every((protocol) => protocol.isAnswered)) await new Promise((resolve) => setTimeout(resolve, ANSWERED_INTERVAL))
  }

  /**
   * The member has died: clients that speak the client protocol are told to ask another. HTTP is served on, and says what the
   * matter is.
   */
  died(): void {
    this.#client.close()
  }

  /** Ends every connection, whatever is under way. */
  destroy(): void {
    this.#destroyed = true
    this.#endMoment()
    for (const socket of this.#sockets.keys()) socket.destroy()
  }

  /**
   * A client that is answered for the last time connects again, and is to hear in an answer that this member stops. So connections
   * are taken for a moment longer, where there are any. Fulfilled once every connection has ended.
   */
  async #stopListening(): Promise<void> {
    const silent = [...this.#silent]
    if ([...this.#sockets.keys()].some((socket) => socket.writable)) await this.#lastMoment()
    this.#endSilent(silent)
    // Clients that are refused may connect again at once, and as long as they do, some connections have always come that are not
    // taken yet. While they wait for an answer they do not come.
    const delayed: (() => void)[] = []
    this.#delayed = delayed
    await nobodyComes(() => this.#came)
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#delayed = null
    for (const begin of delayed) begin()
    // Those that have come since have a moment of their own.
    if (this.#silent.size > 0) void this.#lastMoment().then(() => this.#endSilent(this.#silent))
    return closed
  }

  /** Fulfilled after a moment, or when every connection is to end. */
  #lastMoment(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => setImmediate(resolve), LAST_MOMENT)
      this.#endMoment = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #endSilent(sockets: Iterable<Socket>): void {
    for (const socket of sockets) if (this.#silent.has(socket)) closeGently(socket, this.#linger)
  }

  /** How long the client of a connection that ends gently may take. */
  get #linger(): number {
    const { linger } = this.#patience
    return this.#closing ? Math.min(linger, LAST_LINGER) : linger
  }

  #accept(socket: Socket): void {
    if (this.#destroyed) {
      socket.destroy()
      return
    }
    this.#came += 1
    this.#http.connectionCame()
    const slot = this.#slots.enter(() => socket.destroy())
    this.#sockets.set(socket, slot)
    this.#silent.add(socket)
    socket.on('close', () => {
      this.#sockets.delete(socket)
      this.#silent.delete(socket)
      slot.leave()
    })
    const onError = () => socket.destroy()
    socket.on('error', onError)
    socket.once('end', onError)
    const begin = () =>
      socket.once('data', (chunk: Buffer) => {
        this.#silent.delete(socket)
        socket.off('end', onError)
        socket.off('error', onError)
        this.#serve(socket, slot, chunk)
      })
    if (this.#delayed === null) begin()
    else this.#delayed.push(begin)
  }

  #serve(socket: Socket, slot: Slot, chunk: Buffer): void {
    socket.pause()
    socket.unshift(chunk)
    this.#protocols.find((protocol) => protocol.recognises(chunk[0] as number))?.serve(socket, slot)
  }
}
