import type { Prng } from '../world/prng.js'
import type { FaultTarget, Harm } from './harm.js'

/** Members that are of no use until the faults end: never so many that the rest is no majority. */
function victim(harm: Harm, random: Prng): FaultTarget | null {
  const well = harm.members.filter(({ id }) => !harm.aim.isAfflicted(id))
  const leader = harm.aim.leader()
  const afflicted = harm.members.length - well.length
  const chosen = random.chance(0.3) && leader !== null && well.includes(leader) ? leader : random.pick(well)
  if (2 * (afflicted + 1) >= harm.members.length) return null
  harm.aim.afflict(chosen.id)
  return chosen
}

export function keepDown(harm: Harm, random: Prng): void {
  const member = victim(harm, random)
  if (member === null) return
  harm.aim.count('kept down')
  harm.keepDown(member)
}

export function keepCutOff(harm: Harm, random: Prng, directions: readonly ('in' | 'out')[] = ['in', 'out']): void {
  const member = victim(harm, random)
  if (member === null) return
  harm.aim.count(directions.length === 2 ? 'kept apart' : 'kept apart one way')
  harm.aim.note('for good nothing goes', directions.join(' and '), member.id)
  for (const { id } of harm.members) {
    if (directions.includes('out')) harm.links.cutForGood(member.id, id)
    if (directions.includes('in')) harm.links.cutForGood(id, member.id)
  }
}

/** Everything that it does takes long, but for its clock. */
export function keepSlow(harm: Harm, random: Prng): void {
  const member = victim(harm, random)
  if (member === null) return
  harm.aim.count('kept slow')
  const distance = harm.aim.timeouts(random.between(0.2, 2))
  for (const { id } of harm.members) {
    harm.links.setDistance(member.id, id, distance)
    harm.links.setDistance(id, member.id, distance)
  }
  member.disk.conditions.delay = harm.aim.timeouts(random.between(0.05, 0.5))
}
