import type { ConfirmedRead } from '../effects.js'
import { OverloadedError, type RaftError } from '../errors.js'

/** Called once: with an error, or with the read index, up to which everything is applied. Must not throw. */
export type ReadDone = (error: RaftError | null, index: number) => void

interface Ticketed {
  readonly ticket: number
  readonly done: ReadDone[]
}

interface Confirmed {
  readonly index: number
  readonly done: readonly ReadDone[]
}

/** Reads on their way: to be confirmed, then to be applied. */
export class Reads {
  readonly #maxPending: number
  #new: ReadDone[] = []
  #ticketed: Ticketed[] = []
  #confirmed: Confirmed[] = []
  #count = 0

  constructor(maxPending: number) {
    this.#maxPending = maxPending
  }

  get count(): number {
    return this.#count
  }

  /** `count`, counted anew. */
  counted(): number {
    return [...this.#ticketed, ...this.#confirmed].reduce((sum, { done }) => sum + done.length, this.#new.length)
  }

  /** How many tickets are to be confirmed yet. */
  get tickets(): number {
    return this.#ticketed.length
  }

  get hasNew(): boolean {
    return this.#new.length > 0
  }

  refusal(): RaftError | null {
    return this.#count >= this.#maxPending ? new OverloadedError(`${this.#count} reads`) : null
  }

  add(done: ReadDone): void {
    this.#new.push(done)
    this.#count += 1
  }

  /** The reads of this turn wait for this ticket. */
  ticketed(ticket: number): void {
    const last = this.#ticketed.at(-1)
    if (last?.ticket === ticket) for (const done of this.#new) last.done.push(done)
    else this.#ticketed.push({ ticket, done: this.#new })
    this.#new = []
  }

  confirmed({ ticket, index }: ConfirmedRead): void {
    let place = 0
    while (place < this.#ticketed.length && (this.#ticketed[place] as Ticketed).ticket <= ticket) {
      this.#confirmed.push({ index, done: (this.#ticketed[place] as Ticketed).done })
      place += 1
    }
    this.#ticketed.splice(0, place)
  }

  /** Everything up to `appliedIndex` is applied. */
  applied(appliedIndex: number): void {
    while (this.#confirmed.length > 0) {
      const { index, done } = this.#confirmed[0] as Confirmed
      if (index > appliedIndex) return
      this.#confirmed.shift()
      this.#count -= done.length
      for (const one of done) one(null, index)
    }
  }

  /** Those that wait for a ticket end with this error: the member no longer leads. A confirmed read stays confirmed. */
  failTicketed(error: () => RaftError): void {
    const done = this.#ticketed.flatMap((ticketed) => ticketed.done)
    this.#ticketed = []
    this.#finish(done, error)
  }

  /** The reads of this turn end with this error. */
  failNew(error: () => RaftError): void {
    const done = this.#new
    this.#new = []
    this.#finish(done, error)
  }

  /** All end with this error. */
  failAll(error: () => RaftError): void {
    this.failNew(error)
    this.failTicketed(error)
    const done = this.#confirmed.flatMap((confirmed) => confirmed.done)
    this.#confirmed = []
    this.#finish(done, error)
  }

  /** All are taken off the count before the first of them is told: it may look at the count, or stop the node. */
  #finish(done: readonly ReadDone[], error: () => RaftError): void {
    this.#count -= done.length
    for (const one of done) one(error(), 0)
  }
}
