import { randomBytes } from 'node:crypto'
import type { MemberStart, TransportIdentity, TransportRefusal } from '../../src/index.js'

export const storeOf = (letter: string): string => letter.repeat(32)

export interface DirectoryOptions {
  readonly storeId: string
  readonly starts: number
  readonly voters?: readonly string[]
  readonly history?: readonly Uint8Array[]
}

/** A directory in memory, as `TransportIdentity` sees it. What is remembered is durable when the test says so, or at once. */
export class Directory implements TransportIdentity {
  readonly storeId: string
  readonly starts: number
  readonly voters: readonly string[]
  readonly boot: Uint8Array
  readonly history: readonly Uint8Array[]
  readonly durable = new Map<string, MemberStart>()
  readonly refusals: TransportRefusal[] = []
  /** Writes that wait for `finish`; only while `isSlow`. */
  isSlow = false
  readonly #recent = new Map<string, MemberStart>()
  #waiting: ((error: Error | null) => void)[] = []

  constructor({ storeId, starts, voters = ['a', 'b', 'c'], history = [] }: DirectoryOptions) {
    this.boot = randomBytes(16)
    this.history = history
    this.storeId = storeId
    this.starts = starts
    this.voters = voters
  }

  known(id: string): MemberStart | null {
    return this.#recent.get(id) ?? null
  }

  remember(id: string, start: MemberStart, done: (error: Error | null) => void): void {
    this.#recent.set(id, start)
    const finish = (error: Error | null) => {
      if (error === null) this.durable.set(id, start)
      done(error)
    }
    if (this.isSlow) this.#waiting.push(finish)
    else queueMicrotask(() => finish(null))
  }

  refused(refusal: TransportRefusal): void {
    this.refusals.push(refusal)
  }

  /** What waits is durable now, or has failed. */
  finish(error: Error | null = null): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const done of waiting) done(error)
  }

  /** The same directory at the member's next start. */
  next(change: Partial<DirectoryOptions> = {}): Directory {
    const history = [this.boot.subarray(0, 4), ...this.history].slice(0, 63)
    const next = new Directory({ storeId: this.storeId, starts: this.starts + 1, voters: this.voters, history, ...change })
    for (const [id, start] of this.durable) next.remember(id, start, () => {})
    return next
  }
}
