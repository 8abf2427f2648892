import { type Clock, RaftError } from '@raft/core'

/** A digest that is made in steps of some milliseconds. */
export interface DigestSteps {
  /** Of the state whose digest this is. */
  readonly revision: number
  /** Whether the state has changed since. */
  readonly isStale: boolean
  /** Null while there are steps to do. */
  readonly value: string | null
  step(): void
}

/** What a digest is made of. */
export interface DigestedStore {
  readonly revision: number
  digest(): string
  beginDigest?(): DigestSteps
}

/** How many times as long as a step the pause behind it is: a digest takes a quarter of the member's time at most. */
const PAUSE = 3
/** How long a digest is begun again when the state changes meanwhile, in ms. */
const PATIENCE = 5000

/** No digest could be made: the state has changed again and again meanwhile. Nothing was harmed: ask again when less is written. */
export class DigestBusyError extends RaftError {
  constructor() {
    super('RAFT_OVERLOADED', 'the state changes faster than its digest can be made: ask again when less is written')
  }
}

interface Asker {
  readonly signal: AbortSignal
  readonly resolve: (digest: string) => void
  readonly reject: (error: Error) => void
}

/**
 * The digest of a store's state, for all who ask: one is made at a time, in steps between which everything else has its turn, and
 * the last one made serves until the state changes. It is of one revision, and given while that is still the store's. Where all who
 * asked have gone, no more steps are done.
 */
export class SharedDigest {
  readonly #store: DigestedStore
  readonly #clock: Clock
  #askers: Asker[] = []
  #made: { readonly revision: number; readonly digest: string } | null = null
  #making: DigestSteps | null = null
  #since = 0

  constructor(store: DigestedStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** @throws DigestBusyError; what the store throws; and the signal's reason when it aborts, at the next step */
  ask(signal: AbortSignal): Promise<string> {
    if (this.#made?.revision === this.#store.revision) return Promise.resolve(this.#made.digest)
    return new Promise((resolve, reject) => {
      this.#askers.push({ signal, resolve, reject })
      if (this.#askers.length > 1) return
      this.#since = this.#clock.now()
      this.#clock.defer(() => this.#step())
    })
  }

  #step(): void {
    this.#dismissGone()
    if (this.#askers.length === 0) {
      this.#making = null
      return
    }
    const startedAt = this.#clock.now()
    try {
      this.#goOn(startedAt)
    } catch (error) {
      this.#making = null
      this.#settle(({ reject }) => reject(error instanceof Error ? error : new Error(String(error))))
    }
    if (this.#askers.length === 0) return
    const now = this.#clock.now()
    this.#clock.schedule(now + PAUSE * (now - startedAt), () => this.#step())
  }

  #goOn(now: number): void {
    const stale = this.#making?.isStale === true
    if (stale && now - this.#since > PATIENCE) {
      this.#making = null
      this.#settle(({ reject }) => reject(new DigestBusyError()))
      return
    }
    const making = stale || this.#making === null ? this.#begin() : this.#making
    this.#making = making
    making.step()
    if (making.value !== null) this.#finish(making.revision, making.value)
  }

  #begin(): DigestSteps {
    const { revision } = this.#store
    // A store of somebody else's may know no steps.
    return this.#store.beginDigest?.() ?? { revision, isStale: false, value: this.#store.digest(), step() {} }
  }

  #finish(revision: number, digest: string): void {
    this.#made = { revision, digest }
    this.#making = null
    this.#settle(({ resolve }) => resolve(digest))
  }

  #dismissGone(): void {
    const askers = this.#askers
    this.#askers = askers.filter(({ signal }) => !signal.aborted)
    for (const { signal, reject } of askers) if (signal.aborted) reject(signal.reason as Error)
  }

  #settle(settle: (asker: Asker) => void): void {
    for (const asker of this.#askers.splice(0)) settle(asker)
  }
}
