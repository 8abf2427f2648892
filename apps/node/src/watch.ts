import type { Clock, MemberId, NodeStatus } from '@raft/core'
import type { NodeLogger } from './options.js'

/** How often the member looks at itself, in ms. */
const INTERVAL = 1000
/** A look that comes so much too late says that this process was held up, and could hear nobody; ms. */
const HELD_UP = 2000
/** A member that knows no leader for so long says so, in ms. */
const LEADERLESS_PATIENCE = 10_000
/** How long after that it says so again, in ms. */
const LEADERLESS_AGAIN = 600_000
/** A follower that has not answered for so long, or has not acknowledged for so long what was there, is behind; ms. */
const BEHIND_AFTER = 3000
/** Lines about followers that have caught up, at one time; one more is earned each minute. */
const MAX_LINES = 10
const LINE_INTERVAL = 60_000

export interface WatchOptions {
  readonly clock: Clock
  readonly status: () => Pick<NodeStatus, 'role' | 'leaderId' | 'lastLogIndex' | 'followers'>
  readonly whyNoLeader: () => string
  readonly logger: Pick<NodeLogger, 'info' | 'warn'>
}

/** What the leader has seen of one follower. */
interface Followed {
  /** Since when it is behind; null while it is not. */
  behindSince: number | null
  /** The entries that it lacked when it was first seen to be behind. */
  lag: number
  /** What it must have to have caught up: the leader's last index when it answered again. Null while it does not answer. */
  goal: number | null
  /** What it has acknowledged, and since when it has acknowledged nothing more while there was more. */
  matchIndex: number
  stuckSince: number
}

/**
 * Looks at the member each second, and says what nobody is told otherwise: that no leader is known for long, and why; that there is one
 * again; on the leader, that a follower that was behind has caught up.
 */
export class Watch {
  readonly #options: WatchOptions
  #leaderlessSince: number
  #tellAt: number
  #hasTold = false
  #leaderSince: number | null = null
  readonly #followed = new Map<MemberId, Followed>()
  #lines = MAX_LINES
  #linesAt: number
  #cancel: (() => void) | null = null

  constructor(options: WatchOptions) {
    this.#options = options
    const now = options.clock.now()
    this.#leaderlessSince = now
    this.#tellAt = now + LEADERLESS_PATIENCE
    this.#linesAt = now
    this.#lookLater()
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = null
  }

  #lookLater(): void {
    const { clock } = this.#options
    const at = clock.now() + INTERVAL
    this.#cancel = clock.schedule(at, () => {
      const now = clock.now()
      if (now - at < HELD_UP) this.#look(now)
      else this.#wasHeldUp(now - at)
      this.#lookLater()
    })
  }

  /** Messages that came during a pause of this process may not have been read yet, so the pause does not count as silence. */
  #wasHeldUp(pause: number): void {
    this.#leaderlessSince += pause
    this.#tellAt += pause
    for (const followed of this.#followed.values()) followed.stuckSince += pause
  }

  #look(now: number): void {
    const { role, leaderId, lastLogIndex, followers } = this.#options.status()
    this.#lookForLeader(leaderId, now)
    if (role !== 'leader') {
      this.#leaderSince = null
      this.#followed.clear()
      return
    }
    this.#leaderSince ??= now
    for (const { id, matchIndex, heardAgo } of followers) {
      const silentFor = heardAgo ?? now - this.#leaderSince
      this.#lookAt(id, { matchIndex, silentFor, hasAnswered: heardAgo !== null, lastLogIndex }, now)
    }
  }

  #lookForLeader(leaderId: MemberId | null, now: number): void {
    const { logger, whyNoLeader } = this.#options
    if (leaderId !== null) {
      if (this.#hasTold) logger.info({ leaderId, leaderlessFor: seconds(now - this.#leaderlessSince) }, 'a leader is known again')
      this.#hasTold = false
      this.#leaderlessSince = now
      this.#tellAt = now + LEADERLESS_PATIENCE
      return
    }
    if (now < this.#tellAt) return
    this.#tellAt = now + LEADERLESS_AGAIN
    this.#hasTold = true
    logger.warn({ leaderlessFor: seconds(now - this.#leaderlessSince) }, whyNoLeader())
  }

  #lookAt(
    id: MemberId,
    seen: { readonly matchIndex: number; readonly silentFor: number; readonly hasAnswered: boolean; readonly lastLogIndex: number },
    now: number,
  ): void {
    const followed = this.#followedOf(id, now)
    const { matchIndex, lastLogIndex } = seen
    if (matchIndex > followed.matchIndex || matchIndex >= lastLogIndex) followed.stuckSince = now
    followed.matchIndex = matchIndex
    const isSilent = seen.silentFor >= BEHIND_AFTER
    if (followed.behindSince === null && (isSilent || now - followed.stuckSince >= BEHIND_AFTER)) {
      followed.behindSince = now - Math.max(seen.silentFor, now - followed.stuckSince)
      followed.goal = null
    }
    if (followed.behindSince === null) return
    followed.lag = Math.max(followed.lag, lastLogIndex - matchIndex)
    if (isSilent || !seen.hasAnswered) followed.goal = null
    else followed.goal ??= lastLogIndex
    if (followed.goal === null || matchIndex < followed.goal) return
    this.#caughtUp(id, followed, now)
  }

  #followedOf(id: MemberId, now: number): Followed {
    let followed = this.#followed.get(id)
    if (followed === undefined) {
      followed = { behindSince: null, lag: 0, goal: null, matchIndex: 0, stuckSince: now }
      this.#followed.set(id, followed)
    }
    return followed
  }

  #caughtUp(id: MemberId, followed: Followed, now: number): void {
    const behindFor = seconds(now - (followed.behindSince ?? now))
    const { lag } = followed
    followed.behindSince = null
    followed.lag = 0
    followed.stuckSince = now
    const earned = Math.floor((now - this.#linesAt) / LINE_INTERVAL)
    if (earned > 0) {
      this.#lines = Math.min(MAX_LINES, this.#lines + earned)
      this.#linesAt = now
    }
    if (this.#lines === 0) return
    this.#lines -= 1
    this.#options.logger.info({ peer: id, behindFor, entries: lag }, `${id} has caught up`)
  }
}

/** In whole seconds. */
function seconds(milliseconds: number): number {
  return Math.round(milliseconds / 1000)
}
