import type { Incarnation } from '../world/host.js'
import type { Prng } from '../world/prng.js'
import type { World } from '../world/world.js'
import { Addresses, splitAddress } from './addresses.js'
import type { Links } from './links.js'
import { StreamEnd } from './stream.js'
import type { StreamEvents, StreamTemper, StreamWire } from './stream-ports.js'

/** One end of a stream as its owner sees it; both sides have the same. */
export type SimulatedStream = Pick<StreamEnd, 'waitingBytes' | 'write' | 'pause' | 'resume' | 'end' | 'close' | 'destroy'>

/** Takes a new connection. */
export type Accept = (stream: SimulatedStream) => StreamEvents

/** What streams are like, besides what the links do to them. Each network draws its own, unless told. */
export interface StreamConditions {
  /** What may be under way, and what the receiving side keeps until it is read, in bytes. */
  windowBytes: number
  /** Chance that bytes which could leave together leave apart. */
  cutting: number
  /** Chance that what is written waits a moment for more, and leaves together with it. */
  holding: number
  /** Least and most ms that a stream or an attempt to connect lasts while nothing is heard. */
  patience: readonly [number, number]
  /** Chance that the system of a process that has died says so. */
  lastWords: number
}

interface Listener {
  readonly incarnation: Incarnation
  readonly accept: Accept
}

const FIRST_RETRY = 200
const LAST_RETRY = 1000
/** How often the system looks whose process has died, in ms. */
const SWEEP = 20

/** Connections, as of TCP, between the processes of hosts, over the links that datagrams and messages share. */
export class StreamNetwork {
  readonly conditions: StreamConditions
  readonly #world: World
  readonly #links: Links
  readonly #random: Prng
  readonly #addresses: Addresses
  readonly #listeners = new Map<string, Listener>()
  readonly #streams = new Set<StreamEnd>()
  /** The other end of a stream whose process may not know of it yet. */
  readonly #takenBy = new WeakMap<StreamEnd, StreamEnd>()
  #isSweeping = false

  constructor(world: World, links: Links, conditions: Partial<StreamConditions> = {}) {
    this.#world = world
    this.#links = links
    this.#random = world.random('streams')
    this.#addresses = new Addresses(links)
    this.conditions = {
      windowBytes: this.#random.pick([2048, 16_384, 65_536, 262_144]),
      cutting: this.#random.pick([0, 0.05, 0.5]),
      holding: this.#random.pick([0, 0.1, 0.5]),
      patience: [1000, 15_000],
      lastWords: this.#random.pick([0, 0.5, 1]),
      ...conditions,
    }
  }

  /** Where the host is. @throws Error for a host that has not joined the links */
  addressOf(host: string): string {
    return this.#addresses.of(host)
  }

  /** What `@raft/client` takes as its `Connector`. */
  connector(incarnation: Incarnation): { connect(address: string, events: StreamEvents): SimulatedStream } {
    return { connect: (address, events) => this.#connect(incarnation, address, events) }
  }

  /**
   * Takes connections to a port of the process's host, until what it returns is called or the process is gone.
   * @throws Error EADDRINUSE when a living process has the port
   */
  listen(incarnation: Incarnation, port: number, accept: Accept): () => void {
    const key = keyOf(incarnation.host.id, port)
    if (this.#listeners.get(key)?.incarnation.isAlive === true) throw new Error(`listen EADDRINUSE ${key}`)
    const listener = { incarnation, accept }
    this.#listeners.set(key, listener)
    return () => {
      if (this.#listeners.get(key) === listener) this.#listeners.delete(key)
    }
  }

  #connect(incarnation: Incarnation, address: string, events: StreamEvents): SimulatedStream {
    const stream = this.#stream(incarnation)
    stream.adopt(events)
    this.#world.after(
      0,
      incarnation.bind(() => {
        const place = this.#resolve(address)
        if (place === null) stream.fail(new Error(`getaddrinfo ENOTFOUND ${address}`))
        else this.#knock(stream, place.host, place.port, this.#world.now + this.#between(this.conditions.patience), FIRST_RETRY)
      }),
    )
    return stream
  }

  /** Asks for a connection, again and again. */
  #knock(stream: StreamEnd, host: string | null, port: number, until: number, retry: number): void {
    if (!stream.isOpening) return
    if (this.#world.now >= until) {
      this.#world.count('connect timeout')
      stream.fail(new Error('connect ETIMEDOUT'))
      return
    }
    if (host !== null) this.#packet(stream.incarnation.host.id, host, () => this.#onKnock(stream, host, port))
    const delay = Math.min(retry, until - this.#world.now)
    this.#world.after(delay, () => this.#knock(stream, host, port, until, Math.min(2 * retry, LAST_RETRY)))
  }

  #onKnock(stream: StreamEnd, host: string, port: number): void {
    const taken = this.#takenBy.get(stream)
    if (taken !== undefined) {
      if (taken.isLive) this.#carry(taken, stream, (there) => there.open(taken))
      return
    }
    const listener = this.#listeners.get(keyOf(host, port))
    if (listener?.incarnation.isAlive === true) this.#take(stream, listener)
    else if (this.#isUp(host)) this.#packet(host, stream.incarnation.host.id, () => this.#refuse(stream))
  }

  #take(stream: StreamEnd, { incarnation, accept }: Listener): void {
    const taken = this.#stream(incarnation)
    this.#takenBy.set(stream, taken)
    taken.open(stream)
    this.#carry(taken, stream, (there) => there.open(taken))
    incarnation.bind(() => taken.adopt(accept(taken)))()
  }

  #refuse(stream: StreamEnd): void {
    if (!stream.isOpening) return
    this.#world.count('connection refused')
    stream.fail(new Error('connect ECONNREFUSED'))
  }

  #stream(incarnation: Incarnation): StreamEnd {
    const { windowBytes, cutting, holding, patience } = this.conditions
    const temper: StreamTemper = { windowBytes, cutting, holding, breakAfter: this.#between(patience) }
    const wire: StreamWire = {
      carry: (to, arrive) => this.#carry(stream, to, arrive),
      isAnswered: (gone) => gone.incarnation.isAlive || this.#isUp(gone.incarnation.host.id),
      onGone: (gone) => this.#streams.delete(gone),
      count: (what) => this.#world.count(what),
    }
    const stream: StreamEnd = new StreamEnd(wire, incarnation, this.#random, temper)
    this.#streams.add(stream)
    this.#sweepSoon()
    return stream
  }

  #carry(from: StreamEnd, to: StreamEnd, arrive: (there: StreamEnd) => void): void {
    this.#packet(from.incarnation.host.id, to.incarnation.host.id, () => arrive(to))
  }

  /** Over the links. What was changed on the way is noticed by its checksum, and lost. */
  #packet(from: string, to: string, arrive: () => void): void {
    const { corruption } = this.#links.conditions
    for (const delay of this.#links.fate(from, to)) {
      if (corruption > 0 && this.#random.chance(corruption)) this.#world.count('corrupted')
      else this.#world.after(delay, arrive)
    }
  }

  /** Whether the system of a host answers that does not have what is asked for: without a process it may be off. */
  #isUp(host: string): boolean {
    for (const { incarnation } of this.#listeners.values()) if (incarnation.host.id === host && incarnation.isAlive) return true
    return this.#random.chance(this.conditions.lastWords)
  }

  #resolve(address: string): { host: string | null; port: number } | null {
    const place = splitAddress(address)
    const resolved = place === null ? null : this.#addresses.resolve(place.name)
    return place === null || resolved === null ? null : { host: this.#addresses.host(resolved), port: place.port }
  }

  #sweepSoon(): void {
    if (this.#isSweeping) return
    this.#isSweeping = true
    this.#world.after(SWEEP, () => {
      this.#isSweeping = false
      for (const stream of this.#streams) {
        if (!stream.incarnation.isAlive) stream.abandon(this.#random.chance(this.conditions.lastWords))
      }
      if (this.#streams.size > 0) this.#sweepSoon()
    })
  }

  #between([least, most]: readonly [number, number]): number {
    return this.#random.between(least, most)
  }
}

function keyOf(host: string, port: number): string {
  return `${host}:${port}`
}
