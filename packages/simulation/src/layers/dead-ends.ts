import type { DatagramNetwork, SimulationContext } from '@raft/simulator'

/**
 * In part of the simulations the names of some members mean addresses that nobody has, before the one at which the member is reached:
 * what is sent there is refused or vanishes, to the end, as this is no fault that passes.
 */
export function deadEnds(network: DatagramNetwork, { random, memberIds }: SimulationContext): void {
  // A stream of its own: what the rest of the seed draws does not depend on it.
  const own = random.fork('dead ends')
  if (!own.chance(0.3)) return
  const refuses = own.chance(0.5)
  const share = own.pick([0.4, 1])
  memberIds.forEach((id, i) => {
    if (own.chance(share)) network.addDeadEnd(id, `10.255.0.${i + 1}`, refuses)
  })
}
