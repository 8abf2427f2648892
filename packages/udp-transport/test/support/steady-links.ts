import { Links, type Prng, type World } from '@raft/simulator'

/** Links on which the way takes `delay` exactly, so that a test can tell what takes longer than it should. */
export class SteadyLinks extends Links {
  readonly #steady: Prng

  constructor(world: World, hosts: readonly string[]) {
    super(world, hosts)
    this.#steady = world.random('steady links')
  }

  override fate(from: string, to: string): number[] {
    const { delay, loss, duplication, lateness, maxLate } = this.conditions
    const random = this.#steady
    const copies = random.chance(duplication) ? 2 : 1
    const delays: number[] = []
    for (let copy = 0; copy < copies; copy++) {
      if (this.isCut(from, to) || random.chance(loss)) continue
      delays.push(delay + (random.chance(lateness) ? random.between(0, maxLate) : 0))
    }
    return delays
  }
}
