import type { MemberId } from '@raft/core'

/** Upper bound on lines about the coming and going of one member that come at once; one more is earned each minute. */
const MAX_LINES = 6
const LINE_INTERVAL = 60_000

/** A member has come, or has gone, as far as this one can hear. */
export interface TransportPresence {
  readonly peer: MemberId
  /** `came`: heard for the first time, or again. `restarted`: it was started anew, and was not missed. `left`: it does not answer any more. */
  readonly change: 'came' | 'restarted' | 'left'
  readonly message: string
  /** Changes of this member that were not told since the last one that was: there were too many. */
  readonly untold: number
}

/** What a transport has heard of another member. */
export interface PeerStatus {
  readonly id: MemberId
  /** `host:port` where it is reached; null where that is not known. */
  readonly address: string | null
  /** How long ago something came that it has certainly sent, in ms; null where nothing has since this transport was made. */
  readonly heardAgo: number | null
  /** For how long it has not answered what it was asked, in ms; null while nothing is asked, or all is answered. */
  readonly unansweredFor: number | null
  /** Why it does not answer, in a few words; null while it does. */
  readonly trouble: string | null
}

/** Tells the coming and going of one member, and not of each where they are many. */
export class PresenceLines {
  readonly #peer: MemberId
  readonly #onPresence: (presence: TransportPresence) => void
  #lines = MAX_LINES
  #linesAt = 0
  #untold = 0

  constructor(peer: MemberId, onPresence: (presence: TransportPresence) => void) {
    this.#peer = peer
    this.#onPresence = onPresence
  }

  say(change: TransportPresence['change'], message: string, now: number): void {
    const earned = Math.floor((now - this.#linesAt) / LINE_INTERVAL)
    if (earned > 0) {
      this.#lines = Math.min(MAX_LINES, this.#lines + earned)
      this.#linesAt = now
    }
    if (this.#lines === 0) {
      this.#untold += 1
      return
    }
    this.#lines -= 1
    const untold = this.#untold
    this.#untold = 0
    this.#onPresence({ peer: this.#peer, change, message, untold })
  }
}
