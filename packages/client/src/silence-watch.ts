import type { StoreError } from '@raft/commands'
import { ConnectionError } from './errors.js'
import type { Link, LinkOptions } from './link.js'

/** Looks at all members per `silenceTimeout`. */
const TICKS_PER_SILENCE = 20
/** The first tick may come right behind the request: it takes one more to be sure that an interval has passed. */
const TICKS_TO_ASK = 2
const TICKS_TO_DISTRUST = 1 + TICKS_PER_SILENCE / 10
/** What a slow path carries in a second: so much longer than a small request a large one may take until it is answered. */
const SLOW_BYTES_PER_SECOND = 1024 * 1024

export interface SilenceOptions extends Pick<LinkOptions, 'clock' | 'connectTimeout'> {
  readonly silenceTimeout: number
}

export interface SilenceEvents {
  /** At each tick while the member owes answers and has sent nothing for a while: ask it, or all, how it is. */
  readonly onQuiet: (link: Link) => void
  /**
   * At each tick while the member is not trusted. `givenUp` is not null when the member has been silent for `connectTimeout`: what
   * nobody else can answer fails with it.
   */
  readonly onSilent: (link: Link, givenUp: StoreError | null) => void
}

/**
 * Watches the members that owe answers. A process that hangs keeps its connections open, and the system keeps taking bytes for it,
 * so that nothing but its silence tells. A member that owes answers and sends nothing is asked for its status, which every member
 * that works answers at once, and others are asked who leads. After a tenth of `silenceTimeout` without a word it is not trusted any more: nothing new is sent to
 * it, and what another member can answer is asked there. After `connectTimeout` its connection is given up, unless a write was
 * sent over it that may not be sent again: its answer is awaited for all of `silenceTimeout`.
 */
export class SilenceWatch {
  readonly #options: SilenceOptions
  readonly #links: ReadonlyMap<string, Link>
  readonly #events: SilenceEvents
  readonly #interval: number
  readonly #ticksToGiveUp: number
  #cancel: (() => void) | null = null

  constructor(options: SilenceOptions, links: ReadonlyMap<string, Link>, events: SilenceEvents) {
    this.#options = options
    this.#links = links
    this.#events = events
    this.#interval = options.silenceTimeout / TICKS_PER_SILENCE
    this.#ticksToGiveUp = 1 + Math.min(TICKS_PER_SILENCE, Math.ceil(options.connectTimeout / this.#interval))
  }

  /** Until no member owes anything. */
  watch(): void {
    if (this.#cancel !== null) return
    const { clock } = this.#options
    this.#cancel = clock.schedule(clock.now() + this.#interval, () => {
      this.#cancel = null
      this.#tick()
    })
  }

  /** Whether some member owes something, or did at the last tick. */
  get isWatching(): boolean {
    return this.#cancel !== null
  }

  close(): void {
    this.#cancel?.()
    this.#cancel = null
  }

  #tick(): void {
    for (const link of [...this.#links.values()]) if (link.ready) this.#look(link)
    for (const link of this.#links.values()) {
      if (link.ready && link.owes) {
        this.watch()
        return
      }
    }
  }

  #look(link: Link): void {
    link.tick()
    if (link.silentTicks < TICKS_TO_ASK) return
    const ticks = link.silentTicks - this.#ticksToSend(link.owedBytes)
    if (ticks < TICKS_TO_ASK) return
    this.#events.onQuiet(link)
    if (ticks < TICKS_TO_DISTRUST) return
    link.silent = true
    const isPast = ticks >= this.#ticksToGiveUp
    const { connectTimeout, silenceTimeout } = this.#options
    this.#events.onSilent(link, isPast ? silence(link, Math.min(connectTimeout, silenceTimeout)) : null)
    if (ticks > TICKS_PER_SILENCE) link.lose(silence(link, silenceTimeout))
    else if (isPast && !link.owesOutcome) link.lose(silence(link, connectTimeout))
  }

  #ticksToSend(bytes: number): number {
    return Math.floor((bytes / SLOW_BYTES_PER_SECOND) * (1_000 / this.#interval))
  }
}

function silence(link: Link, ms: number): ConnectionError {
  return new ConnectionError(`${link.address} sent nothing for ${ms} ms while answers were due`)
}
