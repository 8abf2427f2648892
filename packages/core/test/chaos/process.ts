import type { Member } from './member.js'
import type { Process } from './storage.js'
import type { World } from './world.js'

/** One incarnation: what was bound to it is gone with it. */
export class RunningProcess implements Process {
  readonly id: string
  diskFailed = false
  readonly #member: Member
  readonly #world: World

  constructor(member: Member, world: World) {
    this.id = member.id
    this.#member = member
    this.#world = world
  }

  isAlive(): boolean {
    return this.#member.isRunning(this)
  }

  isLeading(): boolean {
    return this.#member.node?.role === 'leader'
  }

  diskHasFailed(): void {
    this.diskFailed = true
  }

  bind(callback: () => void): () => void {
    const bound = (): void => {
      if (!this.isAlive()) return
      const { now } = this.#world
      const { pausedUntil } = this.#member
      if (now < pausedUntil) this.#world.after(pausedUntil - now, bound)
      else callback()
    }
    return bound
  }
}
