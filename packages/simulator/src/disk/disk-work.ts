import type { Prng } from '../world/prng.js'
import type { World } from '../world/world.js'
import type { DiskConditions } from './host-disk.js'

/** How long a disk takes, and when it fails. */
export class DiskWork {
  readonly #world: World
  readonly #random: Prng
  readonly #conditions: Readonly<DiskConditions>
  #failures = 0
  #isStalled = false
  #waiting: (() => void)[] = []
  /** What began in an earlier age is not carried out: the power was lost, or the process killed. */
  #age = 0
  #underWay = 0

  constructor(world: World, random: Prng, conditions: Readonly<DiskConditions>) {
    this.#world = world
    this.#random = random
    this.#conditions = conditions
  }

  get failures(): number {
    return this.#failures
  }

  get underWay(): number {
    return this.#underWay
  }

  /** `action` happens once the disk has done an operation; never while it is stalled, and not at all after `abandon`. */
  begin(action: () => void): void {
    const age = this.#age
    this.#underWay += 1
    const finish = (): void => {
      if (age !== this.#age) return
      if (this.#isStalled) {
        this.#waiting.push(() => this.#schedule(finish))
        return
      }
      this.#underWay -= 1
      action()
    }
    this.#schedule(finish)
  }

  /** Whether the operation fails, at this rate. */
  fails(what: string, rate: number): boolean {
    if (rate === 0 || !this.#random.chance(rate)) return false
    this.hasFailed(what)
    return true
  }

  hasFailed(what: string): void {
    this.#failures += 1
    this.#world.count(what)
  }

  abandon(): void {
    this.#age += 1
    this.#underWay = 0
    this.#waiting = []
  }

  stall(): void {
    this.#isStalled = true
  }

  resume(): void {
    this.#isStalled = false
    const waiting = this.#waiting
    this.#waiting = []
    for (const one of waiting) one()
  }

  #schedule(finish: () => void): void {
    const { delay, slowness, maxSlow, isSteady } = this.#conditions
    const isSlow = slowness > 0 && this.#random.chance(slowness)
    if (isSlow) this.#world.count('slow disk')
    const extra = isSlow ? this.#random.between(0, maxSlow) : 0
    this.#world.after(0.01 + (isSteady === true ? delay : this.#random.exponential(delay)) + extra, finish)
  }
}
