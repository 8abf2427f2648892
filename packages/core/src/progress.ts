import type { EntryBatch } from './entry-batch.js'
import { assert } from './errors.js'
import { digestOf } from './fingerprint.js'

/** How much a leader may send to one follower ahead of its acknowledgements. */
export interface SendLimits {
  /** Bytes of entries in one AppendEntries; one entry may be larger. */
  readonly maxAppendBytes: number
  /** Bytes of entries sent and not acknowledged; one message may be larger. */
  readonly maxInflightBytes: number
  readonly maxInflightMessages: number
}

/** Number of bytes that are sent again without hesitation. */
const CHEAP_BYTES = 64 * 1024

interface Inflight {
  readonly lastIndex: number
  readonly bytes: number
}

/**
 * What a leader knows of one follower.
 *
 * - `probe`: where the logs agree is unknown: one message at a time.
 * - `replicate`: they agree up to matchIndex and entries are streamed ahead of the acknowledgements, within the window.
 *
 * matchIndex < nextIndex always; matchIndex never falls.
 */
export class Progress {
  /** Highest index known to be durable on the follower and equal to the leader's (Figure 2). */
  matchIndex = 0
  /** The next index to send (Figure 2). */
  nextIndex: number
  mode: 'probe' | 'replicate' = 'probe'
  /** When the follower last answered anything in this term, or when the leader began where it has not, in ms. */
  heardAt: number
  /** Whether the follower has answered anything in this term. Only told: nothing is decided by it. */
  hasAnswered = false
  /** When what is in flight counts as lost, in ms; Infinity while nothing is. */
  resendAt = Number.POSITIVE_INFINITY
  /** Read back from storage for this follower, to be sent next. */
  fetched: EntryBatch | null = null
  isFetching = false
  #inflight: Inflight[] = []
  #inflightBytes = 0
  /** The prevLogIndex of the probe in flight, or of the last one. */
  #probedPrevLogIndex = 0
  readonly #initialPatience: number
  #patience: number

  /** @param patience ms without progress after which what is in flight counts as lost; doubled, at most 16-fold, each time more than CHEAP_BYTES were in flight */
  constructor(nextIndex: number, now: number, patience: number) {
    this.nextIndex = nextIndex
    this.heardAt = now
    this.#initialPatience = patience
    this.#patience = patience
  }

  fork(): Progress {
    const copy = new Progress(this.nextIndex, this.heardAt, this.#initialPatience)
    copy.matchIndex = this.matchIndex
    copy.hasAnswered = this.hasAnswered
    copy.mode = this.mode
    copy.resendAt = this.resendAt
    copy.fetched = this.fetched
    copy.isFetching = this.isFetching
    copy.#inflight = [...this.#inflight]
    copy.#inflightBytes = this.#inflightBytes
    copy.#patience = this.#patience
    copy.#probedPrevLogIndex = this.#probedPrevLogIndex
    return copy
  }

  fingerprint(now: number): string {
    const inflight = this.#inflight.map((sent) => `${sent.lastIndex}:${sent.bytes}`).join('+')
    return [
      this.matchIndex,
      this.nextIndex,
      this.mode,
      this.heardAt - now,
      this.resendAt - now,
      this.isFetching,
      digestOf(this.fetched),
      inflight,
      this.#patience,
      this.#probedPrevLogIndex,
    ].join()
  }

  /** What counts as sent and not acknowledged. */
  get inflight(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.#inflight.length, bytes: this.#inflightBytes }
  }

  /** Whether another AppendEntries may be sent now. */
  maySend(limits: SendLimits): boolean {
    if (this.mode === 'probe') return this.#inflight.length === 0
    return this.#inflight.length < limits.maxInflightMessages && this.#inflightBytes < limits.maxInflightBytes
  }

  sent(lastIndex: number, bytes: number, now: number): void {
    assert(lastIndex >= this.nextIndex - 1, () => `sent up to ${lastIndex}, but nextIndex is ${this.nextIndex}`)
    if (this.#inflight.length === 0) this.resendAt = now + this.#patience
    if (this.mode === 'probe') this.#probedPrevLogIndex = this.nextIndex - 1
    this.#inflight.push({ lastIndex, bytes })
    this.#inflightBytes += bytes
    this.nextIndex = lastIndex + 1
  }

  /** The follower has everything up to `matchIndex`, durably. Returns whether that was news. */
  acknowledged(matchIndex: number, now: number): boolean {
    const news = matchIndex > this.matchIndex
    if (news) this.matchIndex = matchIndex
    if (this.nextIndex <= this.matchIndex) this.nextIndex = this.matchIndex + 1
    if (this.mode === 'probe') {
      // Less than what was asked about: it has yet to write what stands before, and will say more.
      if (matchIndex < this.#probedPrevLogIndex) return news
      this.#clearInflight()
      this.nextIndex = this.matchIndex + 1
      this.mode = 'replicate'
      return news
    }
    let freed = 0
    while (freed < this.#inflight.length && (this.#inflight[freed] as Inflight).lastIndex <= matchIndex) {
      this.#inflightBytes -= (this.#inflight[freed] as Inflight).bytes
      freed += 1
    }
    if (freed === 0 && !news) return news
    this.#inflight.splice(0, freed)
    this.#patience = this.#initialPatience
    this.resendAt = this.#inflight.length === 0 ? Number.POSITIVE_INFINITY : now + this.#patience
    return news
  }

  /** The follower lacks the entry at `prevLogIndex`, and may agree with the leader up to `agreesAt`. False when that is old. */
  refused(prevLogIndex: number, agreesAt: number): boolean {
    if (prevLogIndex < this.matchIndex) return false
    if (this.mode === 'replicate') {
      // The follower refused what comes behind its acknowledgement before it gave that: messages overtook each other. So what is under
      // way was dropped. Once only: to a probe it has to answer anew.
      if (prevLogIndex === this.matchIndex && this.#inflight.length === 0) return false
      this.#restartAt(this.matchIndex + 1)
      return true
    }
    // A probe is answered once; an answer to another than the last is old.
    if (prevLogIndex !== this.#probedPrevLogIndex) return false
    if (prevLogIndex === this.matchIndex) return false
    this.#restartAt(Math.max(Math.min(prevLogIndex, agreesAt + 1), this.matchIndex + 1))
    return true
  }

  /**
   * The follower has answered something. After a silence longer than the patience with which it began, what was under way
   * is lost, and the patience that grew meanwhile must not hold back a member that came back.
   */
  heard(now: number): void {
    const wasSilent = now - this.heardAt > this.#initialPatience
    this.heardAt = now
    this.hasAnswered = true
    if (!wasSilent) return
    if (this.#inflight.length > 0) this.suspectLoss()
    this.#patience = this.#initialPatience
  }

  /** Nothing was acknowledged for too long: send again, one message at a time. */
  suspectLoss(): void {
    // Much that is under way may only be slow, and sending it again would make it slower. A little costs little.
    if (this.#inflightBytes > CHEAP_BYTES) this.#patience = Math.min(this.#patience * 2, this.#initialPatience * 16)
    this.#restartAt(this.mode === 'replicate' ? this.matchIndex + 1 : this.#probedPrevLogIndex + 1)
  }

  #restartAt(nextIndex: number): void {
    this.mode = 'probe'
    this.nextIndex = nextIndex
    this.fetched = null
    this.#clearInflight()
  }

  #clearInflight(): void {
    this.#inflight = []
    this.#inflightBytes = 0
    this.resendAt = Number.POSITIVE_INFINITY
  }
}
