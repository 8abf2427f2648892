import type { Prng } from '../world/prng.js'
import type { World } from '../world/world.js'

/** Bytes of a stream on their way, numbered from 0. The last one says that nothing follows. */
export interface Segment {
  readonly number: number
  readonly bytes: Uint8Array
  readonly isLast: boolean
}

export interface OutgoingOptions {
  readonly world: World
  readonly random: Prng
  /** ms without a word from the other side, while one is due, after which the stream is given up. */
  readonly breakAfter: number
  /** Chance that bytes which could leave together leave apart. */
  readonly cutting: number
  transmit(segment: Segment): void
  /** Asks for an acknowledgement, where the other side has no room for more. */
  probe(): void
  /** Nothing was heard for too long. */
  onBroken(): void
}

const FIRST_TIMEOUT = 200
const LAST_TIMEOUT = 1600
const LARGEST_SEGMENT = 64 * 1024

/** The half of a stream that sends: what waits, what is under way, and what is sent again. */
export class Outgoing {
  readonly #options: OutgoingOptions
  readonly #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #unacknowledged: Segment[] = []
  #underWayBytes = 0
  /** What the other side has room for; null before it is known, and until then nothing leaves. */
  #roomThere: number | null = null
  #next = 0
  #isFinishing = false
  #hasFinished = false
  #isStopped = false
  /** When the first was sent that nothing has been heard after; null when nothing was. */
  #askedAt: number | null = null
  #progressAt = 0
  #timeout = FIRST_TIMEOUT
  #isTimerSet = false
  /** What was under way when the time was up may all be lost: the segments below this one. */
  #suspectedBelow = 0

  constructor(options: OutgoingOptions) {
    this.#options = options
  }

  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** Everything has left, the end included. */
  get hasLeft(): boolean {
    return this.#hasFinished
  }

  /** Everything has arrived, the end included. */
  get hasArrived(): boolean {
    return this.#hasFinished && this.#unacknowledged.length === 0
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#isFinishing) return
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
  }

  /** Nothing more will be pushed: the end follows what waits. */
  finish(): void {
    this.#isFinishing = true
  }

  /** What has not left will not leave. */
  dropWaiting(): void {
    this.#waiting.length = 0
    this.#waitingBytes = 0
  }

  stop(): void {
    this.#isStopped = true
    this.dropWaiting()
    this.#unacknowledged = []
  }

  /** Sends what there is room for. */
  pump(): void {
    if (this.#isStopped || this.#roomThere === null) return
    const { transmit, random, cutting } = this.#options
    while (this.#waitingBytes > 0) {
      const room = this.#roomThere - this.#underWayBytes
      let size = Math.min(room, this.#waitingBytes, LARGEST_SEGMENT)
      if (size <= 0) break
      if (size > 1 && random.chance(cutting)) size = 1 + random.below(size - 1)
      transmit(this.#segment(this.#take(size), false))
    }
    if (this.#isFinishing && !this.#hasFinished && this.#waitingBytes === 0) {
      this.#hasFinished = true
      transmit(this.#segment(new Uint8Array(0), true))
    }
    this.#expectAnswer()
  }

  /** The other side has everything below `next`, and room for so many bytes from there. */
  acknowledge(next: number, room: number): void {
    const { now } = this.#options.world
    this.#askedAt = null
    let isProgress = false
    while ((this.#unacknowledged[0]?.number ?? next) < next) {
      this.#underWayBytes -= this.#unacknowledged.shift()?.bytes.length ?? 0
      this.#progressAt = now
      this.#timeout = FIRST_TIMEOUT
      isProgress = true
    }
    if (isProgress) this.#sendSuspectedAgain()
    this.#roomThere = room
    this.pump()
    this.#expectAnswer()
  }

  /** The other side is heard again: it is not asked for one segment a timeout. */
  #sendSuspectedAgain(): void {
    const below = this.#suspectedBelow
    this.#suspectedBelow = 0
    for (const segment of this.#unacknowledged) if (segment.number < below) this.#options.transmit(segment)
  }

  #segment(bytes: Uint8Array, isLast: boolean): Segment {
    const segment = { number: this.#next++, bytes, isLast }
    const { now } = this.#options.world
    if (this.#unacknowledged.length === 0) this.#progressAt = now
    this.#askedAt ??= now
    this.#unacknowledged.push(segment)
    this.#underWayBytes += bytes.length
    return segment
  }

  /** A copy of the first `size` bytes that wait: whoever receives it may write to it. */
  #take(size: number): Uint8Array {
    const taken = new Uint8Array(size)
    let at = 0
    while (at < size) {
      const first = this.#waiting[0] as Uint8Array
      const part = first.subarray(0, size - at)
      taken.set(part, at)
      at += part.length
      if (part.length === first.length) this.#waiting.shift()
      else this.#waiting[0] = first.subarray(part.length)
    }
    this.#waitingBytes -= size
    return taken
  }

  #expectAnswer(): void {
    if (this.#isTimerSet || this.#isStopped || (this.#unacknowledged.length === 0 && this.#waitingBytes === 0)) return
    if (this.#unacknowledged.length === 0) this.#progressAt = this.#options.world.now
    this.#setTimer(this.#timeout)
  }

  #setTimer(delay: number): void {
    this.#isTimerSet = true
    this.#options.world.after(delay, () => {
      this.#isTimerSet = false
      this.#onTimer()
    })
  }

  #onTimer(): void {
    if (this.#isStopped || (this.#unacknowledged.length === 0 && this.#waitingBytes === 0)) return
    const { world, breakAfter, transmit, probe, onBroken } = this.#options
    if (this.#askedAt !== null && world.now - this.#askedAt > breakAfter) {
      onBroken()
      return
    }
    const early = this.#progressAt + this.#timeout - world.now
    if (early > 0.001) {
      this.#setTimer(early)
      return
    }
    const [first] = this.#unacknowledged
    if (first === undefined) probe()
    else transmit(first)
    this.#suspectedBelow = this.#next
    this.#askedAt ??= world.now
    this.#progressAt = world.now
    this.#timeout = Math.min(2 * this.#timeout, LAST_TIMEOUT)
    this.#setTimer(this.#timeout)
  }
}
