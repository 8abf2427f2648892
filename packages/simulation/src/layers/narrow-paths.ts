import type { DatagramNetwork, SimulationContext } from '@raft/simulator'

/** As it is counted. */
export const TOO_LARGE = 'too large for the path'

/**
 * In part of the simulations some ways carry less than the interfaces say, and lose the rest without a word: from the start or from
 * a moment on, one way or both, and to the end, as this is no fault that passes.
 */
export function narrowPaths(network: DatagramNetwork, { world, random, memberIds }: SimulationContext): void {
  // A stream of its own: what the rest of the seed draws does not depend on it.
  const own = random.fork('narrow paths')
  if (!own.chance(0.3)) return
  const bytes = own.pick([1200, 1300, 1400])
  const share = own.pick([0.3, 1])
  const ways = memberIds.flatMap((from) => memberIds.filter((to) => to !== from && own.chance(share)).map((to) => [from, to] as const))
  world.after(own.pick([0, own.between(0, 2000)]), () => {
    for (const [from, to] of ways) network.narrow(from, to, bytes)
  })
}
