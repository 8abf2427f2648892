import type { Prng } from '../world/prng.js'
import type { World } from '../world/world.js'
import { act } from './actions.js'
import type { Harm } from './harm.js'
import type { Plan } from './plan.js'

/** Which of the faults that the seed has drawn do not come: what a failure is reduced by. */
export interface Reduction {
  /** Numbers of faults, counted from 0. */
  readonly without?: ReadonlySet<number>
}

/** Does harm again and again. The faults of a seed are numbered: each is drawn from a stream of its own, so that any can be left out. */
export class Nemesis {
  readonly #world: World
  readonly #harm: Harm
  readonly #plan: Plan
  readonly #random: Prng
  readonly #without: ReadonlySet<number>
  #number = 0
  #isActive = true

  constructor(world: World, harm: Harm, plan: Plan, { without = new Set() }: Reduction) {
    this.#world = world
    this.#harm = harm
    this.#plan = plan
    this.#random = world.random('nemesis')
    this.#without = without
    this.#later()
  }

  /** How many faults have come, or were left out. */
  get faults(): number {
    return this.#number
  }

  end(): void {
    this.#isActive = false
    this.#harm.end()
  }

  #later(): void {
    this.#world.after(this.#random.exponential(this.#plan.faultPause), () => {
      if (!this.#isActive) return
      const number = this.#number++
      const name = this.#random.pick(this.#plan.faults)
      const random = this.#random.fork(`fault ${number}`)
      if (!this.#without.has(number)) {
        this.#world.note(`fault ${number}`, name)
        act(name, this.#harm, random)
      }
      this.#restartWhoIsDown(random)
      this.#later()
    })
  }

  /** A member whose disk has failed it has stopped by itself. */
  #restartWhoIsDown(random: Prng): void {
    for (const member of this.#harm.members) if (!member.isUp) this.#harm.restartAfter(member, this.#harm.duration(random, 1))
  }
}
