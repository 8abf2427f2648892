import type { Transition } from '../effects.js'
import type { Following, Leadership } from './options.js'

type Call = <Event>(callback: (event: Event) => unknown, event: Event) => void

interface Callbacks {
  readonly onLeader?: (leadership: Leadership) => unknown
  readonly onFollower?: (following: Following) => unknown
}

/** Tells the user when this member may act as leader, and when no more. */
export class LeadershipCallbacks {
  readonly #call: Call
  readonly #callbacks: Callbacks
  /** The term whose no-op is not yet applied here. */
  #electedTerm: number | null = null
  #leading: AbortController | null = null
  #wasFollowing = false
  #hasStopped = false

  constructor(call: Call, callbacks: Callbacks) {
    this.#call = call
    this.#callbacks = callbacks
  }

  transition({ role, term, leaderId }: Transition): void {
    if (role === 'leader') {
      this.#electedTerm = term
      this.#wasFollowing = false
      return
    }
    this.#endTerm()
    // Who listens to the signal may have stopped the node: then nothing more is told.
    if (this.#hasStopped || role !== 'follower' || this.#wasFollowing) return
    this.#wasFollowing = true
    if (this.#callbacks.onFollower !== undefined) this.#call(this.#callbacks.onFollower, { term, leaderId })
  }

  /** Once the no-op of its term is applied, so is everything that was committed before it. */
  applied(appliedIndex: number, termStartIndex: number | null): void {
    if (this.#electedTerm === null || termStartIndex === null || appliedIndex < termStartIndex) return
    const term = this.#electedTerm
    this.#electedTerm = null
    this.#leading = new AbortController()
    if (this.#callbacks.onLeader !== undefined) this.#call(this.#callbacks.onLeader, { term, signal: this.#leading.signal })
  }

  stop(): void {
    this.#hasStopped = true
    this.#endTerm()
  }

  #endTerm(): void {
    this.#electedTerm = null
    this.#leading?.abort()
    this.#leading = null
  }
}
