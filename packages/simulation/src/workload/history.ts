import type { HistoryOperation } from '@raft/simulator'
import { type Input, isWrite, type Output } from './operations.js'

/** An operation under way. */
export interface Asked {
  readonly client: string
  readonly input: Input
  readonly call: number
}

/** Who asked what and was told what, in the order in which it happened: the simulation does one thing at a time. */
export class History {
  readonly #done: HistoryOperation<Input, Output>[] = []
  readonly #open = new Set<Asked>()
  /** Events so far: finer than virtual time, in which much happens at once. */
  #tick = 0

  ask(client: string, input: Input): Asked {
    // What one member has applied may be as old as one likes, but not newer than the answer.
    const isLocal = 'consistency' in input && input.consistency === 'local'
    const call = ++this.#tick
    const asked = { client, input, call: isLocal ? 0 : call }
    this.#open.add(asked)
    return asked
  }

  answer(asked: Asked, output: Output): void {
    // After the end it was left as unknown.
    if (!this.#open.delete(asked)) return
    this.#done.push({ ...asked, output, return: ++this.#tick })
  }

  /** It has no effect and never will, or it was a read. */
  fail(asked: Asked): void {
    this.#open.delete(asked)
  }

  leaveUnknown(asked: Asked): void {
    if (!this.#open.delete(asked) || !isWrite(asked.input)) return
    this.#done.push({ ...asked, output: undefined, return: Number.POSITIVE_INFINITY })
  }

  get open(): ReadonlySet<Asked> {
    return this.#open
  }

  get size(): number {
    return this.#done.length
  }

  /** With what is under way as of unknown outcome. */
  operations(): readonly HistoryOperation<Input, Output>[] {
    for (const asked of this.#open) this.leaveUnknown(asked)
    return this.#done
  }
}
