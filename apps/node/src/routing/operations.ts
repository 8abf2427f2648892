import type { MemberConnection } from './member-connection.js'
import type { LeaderTask } from './operation.js'

/** A request on its way. What its result is, its task and whoever asked know. */
export class Operation {
  readonly task: LeaderTask<unknown>
  readonly startedAt: number
  readonly deadline: number
  readonly succeed: (result: unknown) => void
  readonly fail: (error: Error) => void
  /** Where it is: waiting for a leader, being carried out here, or with another member. */
  place: 'waiting' | 'here' | { readonly connection: MemberConnection; readonly request: number } = 'waiting'
  /** Of `Operations`. */
  isUnderWay = false
  previous: Operation | null = null
  next: Operation | null = null

  constructor(
    task: LeaderTask<unknown>,
    startedAt: number,
    timeout: number,
    succeed: (result: unknown) => void,
    fail: (error: Error) => void,
  ) {
    this.task = task
    this.startedAt = startedAt
    this.deadline = startedAt + timeout
    this.succeed = succeed
    this.fail = fail
  }
}

/**
 * Operations under way, oldest first, linked to one another. A Set through which thousands come and go would keep many that
 * are over alive, for V8 to copy (docs/decisions/007-what-a-write-costs.md).
 */
export class Operations {
  #size = 0
  #first: Operation | null = null
  #last: Operation | null = null

  get size(): number {
    return this.#size
  }

  add(operation: Operation): void {
    operation.isUnderWay = true
    operation.previous = this.#last
    if (this.#last === null) this.#first = operation
    else this.#last.next = operation
    this.#last = operation
    this.#size += 1
  }

  /** False when it is over already. */
  delete(operation: Operation): boolean {
    if (!operation.isUnderWay) return false
    const { previous, next } = operation
    if (previous === null) this.#first = next
    else previous.next = next
    if (next === null) this.#last = previous
    else next.previous = previous
    // Nothing is left of it that keeps others.
    operation.previous = null
    operation.next = null
    operation.isUnderWay = false
    this.#size -= 1
    return true
  }

  filter(wanted: (operation: Operation) => boolean): Operation[] {
    const found: Operation[] = []
    for (let operation = this.#first; operation !== null; operation = operation.next) if (wanted(operation)) found.push(operation)
    return found
  }
}
