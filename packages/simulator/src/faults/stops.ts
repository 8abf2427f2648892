import { callbacks } from '../observed/node.js'
import type { Prng } from '../world/prng.js'
import type { Harm } from './harm.js'

/** In election timeouts: how long it is waited for the callback, and how long the process lives on without its node. */
const LONGEST_PATIENCE = 4
const LONGEST_LINGER = 2

/** Somebody, mostly the leader, is stopped from inside one of its callbacks; its process goes on, and with it what was under way. */
export function stopInside(harm: Harm, random: Prng): void {
  const member = random.chance(0.7) ? harm.leader(random) : harm.anybody(random)
  const patience = harm.aim.timeouts(random.between(0.5, LONGEST_PATIENCE))
  harm.stopInside(member, random.pick(callbacks), patience, harm.aim.timeouts(random.between(0.05, LONGEST_LINGER)))
}
