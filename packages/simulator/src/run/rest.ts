import type { Cluster } from '../cluster/cluster.js'
import type { Stack } from '../cluster/stack.js'

/**
 * How long a transport may owe what it was given before the faults ended, in ms. A message whose acknowledgement was lost again and
 * again is sent again ever more rarely, and is given up after ten seconds.
 */
const LONGEST = 12_000

/** Members that have applied everything, and are asked nothing, owe each other nothing in the end. */
export async function checkRest<Result, Answer>(cluster: Cluster<Result, Answer>, stack: Stack<Result, Answer>): Promise<void> {
  const { world } = cluster.facts
  const members = cluster.wholeMembers().map(({ id }) => id)
  let owed = stack.rest?.(members) ?? null
  const isNothing = () => {
    owed = stack.rest?.(members) ?? null
    return owed === null
  }
  if (owed !== null) await world.run(world.now + LONGEST, isNothing)
  if (owed !== null) world.violated('nothing is owed at rest', owed)
}
