import type { Incarnation } from '../world/host.js'
import type { Prng } from '../world/prng.js'
import type { Incoming } from './incoming.js'
import type { StreamEvents } from './stream-ports.js'

/** What the owner of an end of a stream is told on behalf of. */
export interface OwnedEnd {
  readonly isOpening: boolean
  readonly waitingBytes: number
  /** Something was read. */
  onRead(): void
  /** The other side sends no more, and the owner does not want to answer: the end is closed. */
  onEnded(): void
}

/** The process at one end of a stream: told everything in order, unless it is paused or does not read; then later. */
export class Owner {
  readonly #end: OwnedEnd
  readonly #incarnation: Incarnation
  readonly #random: Prng
  readonly #incoming: Incoming
  #events: StreamEvents | null = null
  #isPaused = false
  /** It will be called when the process goes on. */
  #isDeferred = false
  #hasToldOpen = false
  #hasToldEnd = false
  #wantsDrain = false
  #outcome: { readonly error: Error | null } | null = null

  constructor(end: OwnedEnd, incarnation: Incarnation, random: Prng, incoming: Incoming) {
    this.#end = end
    this.#incarnation = incarnation
    this.#random = random
    this.#incoming = incoming
  }

  /** Somebody wants to hear. */
  adopt(events: StreamEvents): void {
    this.#events = events
    this.tell()
  }

  /** Nobody wants to hear any more. */
  release(): void {
    this.#events = null
  }

  /** It has written more than enough. @returns false, then and until it is told that there is room */
  hasRoom(isEnough: boolean): boolean {
    this.#wantsDrain ||= isEnough
    return !this.#wantsDrain
  }

  pause(): void {
    this.#isPaused = true
  }

  /** @returns whether it was paused */
  resume(): boolean {
    const wasPaused = this.#isPaused
    this.#isPaused = false
    return wasPaused
  }

  /** This is the last that it is told. */
  close(error: Error | null): void {
    this.#outcome ??= { error }
    this.tell()
  }

  /** Tells whatever there is to tell. */
  tell(): void {
    if (this.#isDeferred || !this.#incarnation.isAlive) return
    const { world, pausedUntil } = this.#incarnation.host
    if (world.now < pausedUntil) {
      this.#isDeferred = true
      const later = this.#incarnation.bind(() => {
        this.#isDeferred = false
        this.tell()
      })
      later()
    } else if (this.#outcome !== null) this.#tellOutcome(this.#outcome.error)
    else if (!this.#end.isOpening) this.#tellAll()
  }

  #tellOutcome(error: Error | null): void {
    const events = this.#events
    this.#events = null
    events?.onClose(error)
  }

  /** Each handler may close the stream, and then nothing follows. */
  #tellAll(): void {
    if (!this.#hasToldOpen && this.#events !== null) {
      this.#hasToldOpen = true
      this.#events.onOpen?.()
    }
    this.#read()
    const isAtEnd = this.#incoming.hasEnded && this.#incoming.chunks === 0 && !this.#isPaused
    if (isAtEnd && !this.#hasToldEnd && this.#events !== null) this.#tellEnd()
    if (this.#wantsDrain && this.#end.waitingBytes === 0) {
      this.#wantsDrain = false
      this.#events?.onDrain()
    }
  }

  #read(): void {
    const before = this.#incoming.chunks
    while (this.#incoming.chunks > 0 && !this.#isPaused && this.#events !== null) {
      const joins = this.#incoming.chunks > 1 && this.#random.chance(0.5)
      this.#events.onData(this.#incoming.take(joins ? this.#incoming.chunks : 1))
    }
    if (this.#incoming.chunks < before) this.#end.onRead()
  }

  #tellEnd(): void {
    this.#hasToldEnd = true
    if (this.#events?.onEnd !== undefined) {
      this.#events.onEnd()
      return
    }
    this.#end.onEnded()
    this.#tellOutcome(null)
  }
}
