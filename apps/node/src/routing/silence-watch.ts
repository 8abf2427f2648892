import type { Clock } from '@raft/core'

/** Looks within one timeout. The other side is asked for a sign of life at the first one that finds silence. */
const CHECKS = 4

export interface SilenceWatchOptions {
  readonly clock: Clock
  /** How long the other side may say nothing while it owes an answer; ms. */
  readonly timeout: number
  /** Asks for something that is answered at once. */
  readonly probe: () => void
  /** Called once: the other side has said nothing for the whole timeout. */
  readonly giveUp: () => void
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
  #cancel: (() => void) | null = null

  constructor(options: SilenceWatchOptions) {
    this.#options = options
  }

  /** A question was sent. */
  asked(): void {
    // It can only be answered from now on.
    if (this.#owed === 0) this.#silentLooks = 0
    this.#owed += 1
    if (this.#cancel === null) this.#lookLater()
  }

  /** One answer came. */
  answered(): void {
    this.#owed -= 1
  }

  /** Something came. */
  heard(): void {
    this.#silentLooks = 0
  }

  close(): void {
    this.#cancel?.()
    this.#cancel = null
    this.#owed = 0
  }

  #lookLater(): void {
    const { clock, timeout } = this.#options
    this.#cancel = clock.schedule(clock.now() + timeout / CHECKS, () => {
      this.#cancel = null
      this.#look()
    })
  }

  #look(): void {
    if (this.#owed === 0) return
    // The first look may come right after the question: it does not count.
    this.#silentLooks += 1
    if (this.#silentLooks > CHECKS) {
      this.#options.giveUp()
      return
    }
    this.#lookLater()
    if (this.#silentLooks === 2) this.#options.probe()
  }
}
