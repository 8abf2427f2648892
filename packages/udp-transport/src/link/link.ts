import type { TransportContext } from '../context.js'
import { MIN_DATAGRAM_BYTES } from '../sending/kernel-cost.js'
import type { Endpoint } from '../socket.js'
import { PeerName } from './peer-name.js'
import { Way } from './way.js'

/** Least time between two reports that a member is unreachable, in ms. */
const REPORT_INTERVAL = 100

export interface LinkEvents {
  /** Something has arrived at a socket of this link, from whomever. */
  readonly onDatagram: (bytes: Uint8Array, from: Endpoint) => void
  /** Something can be sent that could not before. */
  readonly onReady: () => void
  /** Another address is to be tried at once: the one in use has failed, or the name has got another. */
  readonly onOtherWay: () => void
  readonly onUnreachable: () => void
  /** Nothing can be sent to the address in use, and there is no other. */
  readonly onFailed: (reason: string) => void
}

/**
 * The way to a peer. A member with an address is reached there and nowhere else, by a connected socket of its own, on which
 * the system reports that nobody listens. Where its name means several addresses, the first in the list is used until the peer
 * has answered a hello that went to another. A member that is not (yet) among the members is answered where it came from.
 */
export class Link {
  readonly #context: TransportContext
  readonly #events: LinkEvents
  #name: PeerName | null = null
  /** The ways to all addresses of the name. The first one is in use. */
  #ways: readonly Way[] = []
  /** Whether a hello that went by the way in use was answered, and nothing has cast doubt on it since. */
  #isProven = false
  #provenAt = Number.NEGATIVE_INFINITY
  /** The address by which the peer was reached last: it is tried first. */
  #lastGood: string | null = null
  #learned: Endpoint | null = null
  #reportedAt = Number.NEGATIVE_INFINITY

  constructor(context: TransportContext, events: LinkEvents) {
    this.#context = context
    this.#events = events
  }

  get address(): string | null {
    return this.#name?.text ?? null
  }

  /** Why the peer's name could not be resolved; null when it could be, or was not tried. */
  get failure(): string | null {
    return this.#name?.failure ?? null
  }

  /** Whether datagrams from there come from an address of the peer. */
  isAt({ address, port }: Endpoint): boolean {
    const from = ipv4OfMapped(address)
    return this.#ways.some(({ endpoint }) => endpoint.address === from && endpoint.port === port)
  }

  get isReady(): boolean {
    return this.#used?.isOpen ?? (this.#learned !== null && this.#name === null)
  }

  get maxDatagramBytes(): number {
    return this.#maxDatagramOf(this.#used)
  }

  /** Whether it is to be found out which address of several the peer is reached at. */
  get needsProof(): boolean {
    return !this.#isProven && this.#ways.length > 1
  }

  setAddress(address: string | null): void {
    if (address === this.address) return
    this.#closeName()
    if (address !== null) this.#name = new PeerName(this.#context, address, (addresses) => this.#found(addresses))
    this.open()
  }

  /** An authenticated datagram came from here. */
  learn(endpoint: Endpoint): void {
    this.#learned = endpoint
  }

  /** Looks the name up and connects, unless that has been done. */
  open(): void {
    if (this.#context.main !== null && this.#used === null) this.#name?.lookUp()
  }

  /** Lets go of the sockets, so that the next `open` looks the name up again. */
  release(): void {
    for (const way of this.#ways) way.close()
    this.#ways = []
    this.#isProven = false
  }

  /** To the peer, dropped when there is no way. */
  send(parts: readonly Uint8Array[]): void {
    const { main } = this.#context
    if (this.#used?.send(parts)) this.#count(parts)
    else if (main !== null && this.#learned !== null) this.#sendFrom(main, parts, this.#learned)
  }

  /**
   * A hello goes by the way in use, and, for each time that it was not answered, by twice as many others.
   * @param hello the hello that goes to this address, which the answer to it names; null when none is wanted any more
   */
  sayHello(round: number, hello: (address: string, maxDatagram: number) => Buffer | null): void {
    // It may mean another address by now.
    if (round === 2 && this.#name?.canChange) this.#name.lookUp()
    const ways = this.#ways.slice(0, 2 ** (round - 1))
    for (const way of ways) {
      const say = () => {
        const bytes = hello(way.address, this.#maxDatagramOf(way))
        if (bytes !== null && way.send([bytes])) this.#count([bytes])
      }
      if (way.isOpen) say()
      else way.open(say)
    }
    if (ways.length > 0) return
    const bytes = hello('', this.maxDatagramBytes)
    if (bytes !== null) this.send([bytes])
  }

  /** The hello that went to this address was answered. Returns whether another was in use until now. */
  isReachedAt(address: string): boolean {
    const index = this.#ways.findIndex((way) => way.address === address)
    if (index < 0) return false
    this.#use(index)
    this.#ways.forEach((way, i) => {
      way.hasFailed = false
      if (i > 0) way.close()
    })
    this.#isProven = true
    this.#provenAt = this.#context.options.clock.now()
    this.#lastGood = address
    return index > 0
  }

  /** Something speaks against the way in use: `needsProof` says whether there are others. */
  doubt(): void {
    this.#isProven = false
  }

  /** The peer says that it hears nothing. What it says may be replayed, and is looked into once in a while. */
  isNotHeard(): void {
    const { clock, silenceTimeout } = this.#context.options
    if (clock.now() - this.#provenAt >= silenceTimeout) this.doubt()
  }

  /**
   * An answer goes where the peer is reached, and also where the hello came from if that is another address of the peer's name. Where
   * the name does not mean the source, which may be spoofed, the peer may have moved, and the name is looked up again. A peer without
   * a way is answered where it said hello.
   */
  answer(bytes: Uint8Array, source: Endpoint): void {
    const from = ipv4OfMapped(source.address)
    const isNamed = this.#ways.some(({ address }) => address === from)
    if (this.#used?.send([bytes])) this.#count([bytes])
    if (!this.#used?.isOpen || (isNamed && this.#used.address !== from)) this.sendFromMain(bytes, source)
    if (!isNamed && this.#name?.canChange) this.#name.lookUp()
  }

  /** To where a datagram came from, whatever the peer's address: its sender may be another process than the one that is reached there. */
  sendFromMain(bytes: Uint8Array, target: Endpoint): void {
    const { main } = this.#context
    if (main !== null) this.#sendFrom(main, [bytes], target)
  }

  close(): void {
    this.#closeName()
    this.#learned = null
  }

  get #used(): Way | null {
    return this.#ways[0] ?? null
  }

  #maxDatagramOf(way: Way | null): number {
    const { options, main } = this.#context
    const socket = way?.isOpen ? way : main
    return options.maxDatagramBytes ?? socket?.maxDatagramBytes ?? MIN_DATAGRAM_BYTES
  }

  #found(addresses: readonly string[]): void {
    const used = this.#used
    if (used === null) {
      this.#ways = this.#lastGoodFirst(addresses).map((address) => this.#wayTo(address))
      this.#used?.open(() => this.#events.onReady())
      return
    }
    const known = new Map(this.#ways.map((way) => [way.address, way]))
    const others = addresses.filter((address) => address !== used.address)
    this.#ways = [used, ...others.map((address) => known.get(address) ?? this.#wayTo(address))]
    for (const way of known.values()) if (!this.#ways.includes(way)) way.close()
    if (others.some((address) => !known.has(address))) this.#tryOthers()
  }

  #lastGoodFirst(addresses: readonly string[]): readonly string[] {
    const good = addresses.filter((address) => address === this.#lastGood)
    return [...good, ...addresses.filter((address) => address !== this.#lastGood)]
  }

  #wayTo(address: string): Way {
    return new Way(
      this.#context,
      { address, port: this.#name?.port ?? 0 },
      {
        onDatagram: this.#events.onDatagram,
        onRefused: (way) => {
          this.#context.counters.refused += 1
          if (!this.#isReplaced(way)) this.#reportUnreachable(way)
        },
        onFailed: (way, reason) => {
          if (this.#isReplaced(way)) return
          if (way === this.#used) this.#events.onFailed(reason)
          this.#abandonUnusable()
        },
      },
    )
  }

  /** Whether another address is used instead from now on. One that has answered is left only for one that answers. */
  #isReplaced(way: Way): boolean {
    const hadFailed = way.hasFailed
    way.hasFailed = true
    if (way !== this.#used || this.#isProven || hadFailed) return false
    const next = this.#ways.findIndex((other) => !other.hasFailed)
    if (next < 0) return false
    this.#use(next)
    this.#tryOthers()
    return true
  }

  #tryOthers(): void {
    this.doubt()
    if (this.#used?.isOpen) this.#events.onOtherWay()
    else this.#used?.open(() => this.#events.onOtherWay())
  }

  /** To be looked up again, at the next need, where no socket can be had to any address. */
  #abandonUnusable(): void {
    if (this.#ways.every((way) => way.hasFailed && !way.isOpen)) this.release()
  }

  #use(index: number): void {
    const way = this.#ways[index] as Way
    this.#ways = [way, ...this.#ways.filter((other) => other !== way)]
  }

  #reportUnreachable(way: Way): void {
    const now = this.#context.options.clock.now()
    if (way !== this.#used || now - this.#reportedAt < REPORT_INTERVAL) return
    this.#reportedAt = now
    this.#events.onUnreachable()
  }

  #sendFrom(socket: { send(parts: readonly Uint8Array[], to: Endpoint): void }, parts: readonly Uint8Array[], target: Endpoint): void {
    socket.send(parts, target)
    this.#count(parts)
  }

  #count(parts: readonly Uint8Array[]): void {
    const { counters } = this.#context
    counters.datagramsSent += 1
    for (const part of parts) counters.bytesSent += part.length
  }

  #closeName(): void {
    this.release()
    this.#name?.close()
    this.#name = null
  }
}

/** The IPv4 address that a socket for both families shows as `::ffff:192.0.2.1`; any other address as it is. */
function ipv4OfMapped(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address
}
