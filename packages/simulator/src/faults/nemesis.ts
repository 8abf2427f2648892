import type { Prng } from '../world/prng.js'
import type { World } from '../world/world.js'
import { act } from './actions.js'
import type { Harm } from './harm.js'
import type { Plan } from './plan.js'

/** Mean ms before a fault that opens the run. */
const FIRST_PAUSE = 100

/** Does harm again and again. The faults of a seed are numbered: each is drawn from a stream of its own, so that any can be left out. */
export class Nemesis {
  readonly #world: World
  readonly #harm: Harm
  readonly #plan: Plan
  readonly #random: Prng
  readonly #only: ReadonlySet<number> | null
  #number = 0
  #isActive = true

  /** @param only numbers of the faults that come; undefined: all */
  constructor(world: World, harm: Harm, plan: Plan, only: readonly number[] | undefined) {
    this.#world = world
    this.#harm = harm
    this.#plan = plan
    this.#random = world.random('nemesis')
    this.#only = only === undefined ? null : new Set(only)
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
    // What lasts for most of a run begins soon.
    const pause = this.#number < this.#plan.opening.length ? FIRST_PAUSE : this.#plan.faultPause
    this.#world.after(this.#random.exponential(pause), () => {
      if (!this.#isActive) return
      const number = this.#number++
      const name = this.#plan.opening[number] ?? this.#random.pick(this.#plan.faults)
      const random = this.#random.fork(`fault ${number}`)
      if (this.#only?.has(number) !== false) {
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
