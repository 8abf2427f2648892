import type { NodeEvents, NodeStatus } from '@raft/core'

/** What is needed of core's Node. */
export interface VitalSource {
  status(): Pick<NodeStatus, 'leaderId' | 'lastApplied' | 'lastLogIndex' | 'knownCommitIndex'>
  on(name: 'fatal', listener: (event: NodeEvents['fatal']) => void): () => void
}

/** The reasons why this member reaches no leader. */
export interface LeaderOutlook {
  /** Why no leader is known, in one line. */
  whyNoLeader(): string
  /** Why the leader that is known cannot be reached with requests; null while nothing is known to be wrong. */
  leaderTrouble(): string | null
}

/** A member that has just started is ready when it has applied all but this many entries of those that are committed. */
const MOST_BEHIND_AT_FIRST = 1000
/** A member that was ready is no longer when this many entries that are committed wait to be applied: more than load alone brings. */
const MOST_BEHIND = 100_000

/** Whether a member lives, and whether it is up to serving. */
export class Vitals {
  readonly #node: VitalSource
  readonly #outlook: LeaderOutlook
  #fatal: Error | null = null
  /** The last index of the log when the member started: whatever of it is still there may be committed. */
  #foundIndex = 0
  #mostBehind = MOST_BEHIND_AT_FIRST
  /** What is to be applied before the member is ready; null when it is ready. */
  #goal: number | null = null

  constructor(node: VitalSource, outlook: LeaderOutlook) {
    this.#node = node
    this.#outlook = outlook
    node.on('fatal', ({ error }) => {
      this.#fatal = error
    })
  }

  /** The error that the member died of. */
  get fatal(): Error | null {
    return this.#fatal
  }

  /** The member has opened its log. */
  started(): void {
    this.#foundIndex = this.#node.status().lastLogIndex
  }

  /** Null while the member works, otherwise what is the matter. */
  health(): string | null {
    return this.#fatal === null ? null : `this member has died: ${this.#fatal.message}`
  }

  /** Null while the member can serve what a client may ask of it, otherwise what is the matter. */
  readiness(): string | null {
    if (this.#fatal !== null) return this.health()
    const { leaderId, lastApplied, lastLogIndex, knownCommitIndex } = this.#node.status()
    if (leaderId === null) return this.#outlook.whyNoLeader()
    const trouble = this.#outlook.leaderTrouble()
    if (trouble !== null) return trouble
    if (knownCommitIndex === 0) return 'the leader has not said yet what is committed'
    const committed = Math.max(knownCommitIndex, Math.min(this.#foundIndex, lastLogIndex))
    const behind = committed - lastApplied
    if (this.#goal === null && behind > this.#mostBehind) this.#goal = committed
    // Under load the last entry that is committed is always a little ahead: what is asked is to get where it was.
    if (this.#goal !== null && (lastApplied >= this.#goal || behind <= 0)) this.#goal = null
    if (this.#goal === null) {
      this.#mostBehind = MOST_BEHIND
      return null
    }
    return `this member has applied ${lastApplied} of ${committed} entries: ${behind} are still to come`
  }
}
