import type { Call } from './call.js'
import { CallQueue } from './call-queue.js'
import type { Link } from './link.js'

/** Calls that wait to be sent, by where they may be sent. */
export class WaitingCalls {
  readonly forLeader = new CallQueue()
  readonly forAny = new CallQueue()
  /** For the member of one address. */
  readonly directed = new Set<Call>()

  get count(): number {
    return this.forLeader.count + this.forAny.count + this.directed.size
  }

  get bytes(): number {
    return this.forLeader.bytes + this.forAny.bytes
  }

  add(call: Call): void {
    if (call.route === 'leader') this.forLeader.push(call)
    else if (call.route === 'any') this.forAny.push(call)
    else this.directed.add(call)
  }

  /** @returns false for a call that waits for one member only: it is not sent twice. */
  addAgain(call: Call): boolean {
    if (call.route === 'leader') this.forLeader.pushAgain(call)
    else if (call.route === 'any') this.forAny.pushAgain(call)
    else return false
    return true
  }

  /** A call that waits is settled. */
  forget(call: Call): void {
    if (call.route === 'leader') this.forLeader.forget(call)
    else if (call.route === 'any') this.forAny.forget(call)
    else this.directed.delete(call)
  }

  /** `visit` must not add or take calls. */
  forEach(visit: (call: Call) => void): void {
    this.forLeader.forEach(visit)
    this.forAny.forEach(visit)
    for (const call of this.directed) visit(call)
  }
}

/** Whether only this member can answer the call. */
export function isOnlyFor(call: Call, link: Link): boolean {
  return typeof call.route !== 'string' && call.route.address === link.address
}
