import type { Incarnation } from '../world/host.js'
import type { Prng } from '../world/prng.js'
import { Incoming } from './incoming.js'
import { Outgoing, type Segment } from './outgoing.js'
import { Owner } from './owner.js'
import type { StreamEvents, StreamTemper, StreamWire } from './stream-ports.js'

/** How long written bytes may wait for more, in ms, and how many wait before `write` returns false. */
const LONGEST_HOLD = 1
const HIGH_WATER_BYTES = 16 * 1024

/**
 * One end of a stream of bytes: reliable and in order while it lasts, cut and joined anywhere. Assignable to `Connection` of
 * `@raft/client`, and to the stream that serves it.
 */
export class StreamEnd {
  /** The other end, once there is one. */
  peer: StreamEnd | null = null
  readonly incarnation: Incarnation
  readonly #wire: StreamWire
  readonly #random: Prng
  readonly #temper: StreamTemper
  readonly #outgoing: Outgoing
  readonly #incoming: Incoming
  readonly #owner: Owner
  /** In `lingering` the process has let go of it, and the system sends the rest. */
  #state: 'opening' | 'open' | 'lingering' | 'gone' = 'opening'
  #isHeld = false
  #isEnding = false
  #toldRoom = 0

  constructor(wire: StreamWire, incarnation: Incarnation, random: Prng, temper: StreamTemper) {
    this.#wire = wire
    this.incarnation = incarnation
    this.#random = random
    this.#temper = temper
    this.#incoming = new Incoming(temper.windowBytes)
    this.#owner = new Owner(this, incarnation, random, this.#incoming)
    this.#outgoing = new Outgoing({
      world: incarnation.host.world,
      random,
      ...temper,
      transmit: (segment) => this.#toPeer((peer) => peer.onSegment(segment, this)),
      probe: () => this.#toPeer((peer) => peer.onProbe()),
      onBroken: () => this.#break(),
    })
  }

  /** Bytes that were written and have not left. */
  get waitingBytes(): number {
    return this.#outgoing.waitingBytes
  }

  get isOpening(): boolean {
    return this.#state === 'opening' && this.incarnation.isAlive
  }

  /** Its process can still use it. */
  get isLive(): boolean {
    return (this.#state === 'opening' || this.#state === 'open') && this.incarnation.isAlive
  }

  /**
   * Takes bytes that will not be written to again. They may or may not arrive. Does nothing once the stream has ended.
   * @returns false when enough is waiting: hold back until `onDrain`
   */
  write(bytes: Uint8Array): boolean {
    if (!this.isLive || this.#isEnding) return false
    this.#outgoing.push(bytes)
    if (!this.#isHeld) {
      if (this.#random.chance(this.#temper.holding)) this.#hold()
      else this.#outgoing.pump()
    }
    return this.#owner.hasRoom(this.#outgoing.waitingBytes >= HIGH_WATER_BYTES)
  }

  /** Nothing is read until `resume`: what comes fills the window, and then the other side waits. */
  pause(): void {
    this.#owner.pause()
  }

  resume(): void {
    if (this.#owner.resume()) this.#soon(() => this.#owner.tell())
  }

  /** Ends it once everything written has left. */
  end(): void {
    if (!this.isLive) return
    this.#isEnding = true
    this.#outgoing.finish()
    this.#outgoing.pump()
    this.#soon(() => this.#settle())
  }

  /** Ends it at once. What was written may or may not arrive, and no event follows. */
  close(): void {
    if (!this.isLive) return
    this.#owner.release()
    if (this.#state === 'opening') this.#vanish()
    else if (this.#random.chance(0.5)) this.#abort()
    else this.#linger()
  }

  /** The same. */
  destroy(): void {
    this.close()
  }

  /** Its owner takes it over. */
  adopt(events: StreamEvents): void {
    this.#owner.adopt(events)
  }

  /** The other side has taken the connection. */
  open(peer: StreamEnd): void {
    // Nobody waits for it any more.
    if (this.#state === 'gone') this.#wire.carry(peer, (there) => there.onReset())
    if (this.#state !== 'opening') return
    this.peer = peer
    this.#state = 'open'
    this.#outgoing.acknowledge(0, this.#temper.windowBytes)
    this.#owner.tell()
  }

  /** It cannot be, or cannot go on. */
  fail(error: Error | null): void {
    if (!this.isLive) return
    this.#vanish()
    this.#owner.close(error)
  }

  /** The other side may have been told that there was no room. */
  onRead(): void {
    if (this.#state === 'open' && 2 * this.#toldRoom < this.#incoming.room) this.#acknowledge()
  }

  onEnded(): void {
    this.#linger()
  }

  onSegment(segment: Segment, from: StreamEnd): void {
    // Who sends has taken the connection, and its word of that may come later.
    if (this.isOpening) this.open(from)
    if (this.#isUnknown()) return
    if (this.#state === 'lingering' && segment.bytes.length > 0) {
      // Nobody will read it.
      this.#abort()
      return
    }
    this.#incoming.add(segment)
    this.#owner.tell()
    this.#acknowledge()
  }

  onProbe(): void {
    if (!this.#isUnknown()) this.#acknowledge()
  }

  onAcknowledgement(next: number, room: number): void {
    if (this.#isUnknown()) return
    this.#outgoing.acknowledge(next, room)
    this.#settle()
  }

  onReset(): void {
    if (this.#state === 'gone' || !this.incarnation.isAlive) return
    if (this.#state === 'lingering') {
      this.#vanish()
      return
    }
    this.#wire.count('stream reset')
    this.fail(new Error('read ECONNRESET'))
  }

  /** Its process is dead. The system may be up to say so. */
  abandon(isSaid: boolean): void {
    if (this.#state === 'gone') return
    if (isSaid) this.#abort()
    else this.#vanish()
  }

  /** After something has left or arrived. */
  #settle(): void {
    if (this.#state === 'open' && this.#isEnding && this.#outgoing.hasLeft) {
      this.#state = 'lingering'
      this.#owner.close(null)
    }
    if (this.#state === 'lingering' && this.#outgoing.hasArrived) this.#vanish()
    else this.#owner.tell()
  }

  #acknowledge(): void {
    const { next, room } = this.#incoming
    this.#toldRoom = room
    this.#toPeer((peer) => peer.onAcknowledgement(next, room))
  }

  /** A packet for a stream that is not here any more is answered by a reset. */
  #isUnknown(): boolean {
    const isKnown = this.#state === 'lingering' || (this.#state === 'open' && this.incarnation.isAlive)
    if (!isKnown && this.#state !== 'opening' && this.#wire.isAnswered(this)) this.#toPeer((peer) => peer.onReset())
    return !isKnown
  }

  #hold(): void {
    this.#isHeld = true
    this.incarnation.host.world.after(this.#random.between(0, LONGEST_HOLD), () => {
      this.#isHeld = false
      if (!this.incarnation.isAlive) return
      this.#outgoing.pump()
      this.#settle()
    })
  }

  #break(): void {
    if (this.#state === 'lingering' || !this.incarnation.isAlive) {
      this.#vanish()
      return
    }
    this.#wire.count('stream broken')
    this.fail(new Error('write ETIMEDOUT'))
  }

  #linger(): void {
    this.#state = 'lingering'
    this.#outgoing.dropWaiting()
    this.#outgoing.finish()
    this.#outgoing.pump()
  }

  #abort(): void {
    this.#vanish()
    this.#toPeer((peer) => peer.onReset())
  }

  #vanish(): void {
    this.#state = 'gone'
    this.#outgoing.stop()
    this.#wire.onGone(this)
  }

  #toPeer(arrive: (peer: StreamEnd) => void): void {
    if (this.peer !== null) this.#wire.carry(this.peer, arrive)
  }

  #soon(action: () => void): void {
    this.incarnation.host.world.after(0, this.incarnation.bind(action))
  }
}
