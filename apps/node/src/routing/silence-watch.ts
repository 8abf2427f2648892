import type { Clock } from '@raft/core'

/** Looks within one timeout. The other side is asked for a sign of life at the first one that finds silence. */
const CHECKS = 4
/** What a slow path carries in a second: so much longer than a small question a large one may take until it is answered. */
const SLOW_BYTES_PER_SECOND = 1024 * 1024
/** Maximum of the bytes that are waited for in a hurry. */
const HURRIED_BYTES = 256 * 1024

export interface SilenceWatchOptions {
  readonly clock: Clock
  /** How long the other side may say nothing while it owes an answer; ms. A second more for each MiB that it was sent meanwhile. */
  readonly timeout: number
  /** Asks for something that is answered at once. */
  readonly probe: () => void
  /** Bytes that wait for room on the way to the other side. */
  readonly waitingBytes: () => number
  /** Called once: the other side has said nothing for the whole timeout, which is given in ms. */
  readonly giveUp: (timeout: number) => void
}

/**
 * Notices that the other side of a connection owes answers and is silent. Silence is counted in looks, not in time: a process
 * that was held up itself looks once, and hears then what has come meanwhile.
 */
export class SilenceWatch {
  readonly #options: SilenceWatchOptions
  /** Questions without an answer, those among them that nobody waits for any more. */
  #owed = 0
  /** Looks since something was heard. */
  #silentLooks = 0
  /** Whether the other side was asked for a sign of life since something was heard. */
  #hasProbed = false
  /** Bytes that were sent since something was heard. */
  #unheardBytes = 0
  #timeout: number
  #maxBytes = Number.POSITIVE_INFINITY
  #cancel: (() => void) | null = null

  constructor(options: SilenceWatchOptions) {
    this.#options = options
    this.#timeout = options.timeout
  }

  /** Questions without an answer. */
  get owed(): number {
    return this.#owed
  }

  /** A question of so many bytes was sent. */
  asked(bytes: number): void {
    if (this.#owed === 0) this.#begin()
    this.#owed += 1
    this.#unheardBytes += bytes
    if (this.#cancel === null) this.#lookLater()
  }

  /**
   * There is reason to doubt that the answers that are owed will come: a sign of life is asked for at once, and so much silence from
   * now on, in ms, is enough to give up. Slow paths get at most a quarter of a second more. In force until nothing is owed, or `calm`.
   */
  hurry(timeout: number): void {
    if (this.#owed === 0 || timeout >= this.#timeout) return
    this.#timeout = timeout
    this.#maxBytes = HURRIED_BYTES
    this.#silentLooks = 0
    this.#hasProbed = true
    this.#options.probe()
    this.#cancel?.()
    this.#lookLater()
  }

  /** The doubt is over: from now on the whole timeout is given again. */
  calm(): void {
    if (this.#timeout === this.#options.timeout) return
    this.#takeTime()
    this.#silentLooks = 0
    if (this.#cancel === null) return
    this.#cancel()
    this.#lookLater()
  }

  /** One answer came. */
  answered(): void {
    this.#owed -= 1
  }

  /** Something came. */
  heard(): void {
    this.#silentLooks = 0
    this.#unheardBytes = 0
    this.#hasProbed = false
  }

  close(): void {
    this.#cancel?.()
    this.#cancel = null
    this.#owed = 0
  }

  /** The first request can be answered from now on, so the time of silence begins now. */
  #begin(): void {
    this.heard()
    this.#takeTime()
  }

  #takeTime(): void {
    this.#timeout = this.#options.timeout
    this.#maxBytes = Number.POSITIVE_INFINITY
  }

  #lookLater(): void {
    const { clock } = this.#options
    this.#cancel = clock.schedule(clock.now() + this.#timeout / CHECKS, () => {
      this.#cancel = null
      this.#look()
    })
  }

  #look(): void {
    if (this.#owed === 0) return
    // The first look may come right after the question: it does not count.
    this.#silentLooks += 1
    const looks = this.#silentLooks - this.#looksToSend()
    if (looks > CHECKS) {
      this.#options.giveUp(this.#timeout)
      return
    }
    this.#lookLater()
    if (looks < 2 || this.#hasProbed) return
    this.#hasProbed = true
    this.#options.probe()
  }

  /** Looks that pass before a slow path has carried what was sent. */
  #looksToSend(): number {
    const bytes = Math.min(Math.max(this.#unheardBytes, this.#options.waitingBytes()), this.#maxBytes)
    return Math.floor(((bytes / SLOW_BYTES_PER_SECOND) * 1_000) / (this.#timeout / CHECKS))
  }
}
