import type { Cluster } from '../cluster/cluster.js'
import type { SimulatedMember } from '../cluster/simulated-member.js'
import type { Harm } from '../faults/harm.js'
import type { Prng } from '../world/prng.js'
import { LEAST_TIMEOUT, type Steady } from './steady.js'

/** Rounds of messages, and writes, that a fail-over takes besides its timeouts: pre-votes, votes, the first entry, the client's own. */
const ROUNDS = 8
/** In heartbeat intervals: until a leader that is known to be gone is doubted, and all have had their turns. */
const EARLY = 5
/** Ms between two words of the system that nobody listens. */
const HINTED_EVERY = 2

/** Fail-overs on a steady cluster, and members that come back to it. */
export class FailOvers<Result, Answer> {
  readonly #cluster: Cluster<Result, Answer>
  readonly #harm: Harm
  readonly #random: Prng
  readonly #steady: Steady<Result, Answer>

  constructor(cluster: Cluster<Result, Answer>, harm: Harm, random: Prng, steady: Steady<Result, Answer>) {
    this.#cluster = cluster
    this.#harm = harm
    this.#random = random
    this.#steady = steady
  }

  /** The leader is killed, and in half of the cases whoever sends to it is told so. @returns it, or null where nobody led */
  async lose(): Promise<SimulatedMember<Result, Answer> | null> {
    await this.#steady.pause()
    const { world } = this.#cluster
    const leader = this.#cluster.leader()
    if (leader === null || world.violation !== null) return null
    const isHinted = this.#random.chance(0.5)
    const losses = this.#steady.losses
    const lostAt = world.now
    this.#harm.keepDown(leader)
    let hasSucceeded = false
    const succeeded = () => hasSucceeded
    if (isHinted) this.#hint(leader.id, succeeded)
    this.#write(succeeded, () => {
      hasSucceeded = true
    })
    const bound = this.#bound(isHinted)
    await world.run(lostAt + bound, succeeded)
    if (!hasSucceeded && this.#steady.losses === losses)
      this.#steady.broken(
        `no write has succeeded ${Math.round(bound)} ms after ${leader.id} was lost${isHinted ? ', of which all were told' : ''}`,
      )
    if (!hasSucceeded) await this.#steady.settle(succeeded)
    return leader
  }

  /** The member is started, and has soon applied what was committed meanwhile. */
  async comeBack(member: SimulatedMember<Result, Answer>): Promise<void> {
    const { world, electionTimeout, heartbeatInterval, facts, cost } = this.#cluster
    const end = facts.committedIndex
    const lag = end - facts.log(member.id).lastIndex
    this.#harm.bringBack(member)
    const applied = () => member.node?.status().lastApplied ?? 0
    const unapplied = end - Math.max(facts.log(member.id).baseIndex, applied())
    const losses = this.#steady.losses
    const bound = 2 * electionTimeout + 2 * heartbeatInterval + (lag + unapplied + 4) * (this.#steady.write + cost.overhead)
    await world.run(world.now + bound, () => applied() >= end)
    if (applied() < end && this.#steady.losses === losses)
      this.#steady.broken(`${member.id} has applied ${applied()} of ${end} entries ${Math.round(bound)} ms after its start`)
  }

  #bound(isHinted: boolean): number {
    const { electionTimeout, heartbeatInterval } = this.#cluster
    const silent = 2 * Math.max(LEAST_TIMEOUT, electionTimeout) + 2 * heartbeatInterval
    return (isHinted && electionTimeout >= LEAST_TIMEOUT ? EARLY * heartbeatInterval : silent) + ROUNDS * this.#steady.write
  }

  #hint(id: string, isEnough: () => boolean): void {
    if (isEnough()) return
    this.#harm.links.hint(id)
    this.#cluster.world.after(HINTED_EVERY, () => this.#hint(id, isEnough))
  }

  /** At whoever leads, again and again until one succeeds. */
  #write(isEnough: () => boolean, done: () => void): void {
    const heir = this.#cluster.leader()
    if (isEnough()) return
    if (heir !== null) this.#cluster.workload.operate?.('write', heir.id, (isDone) => isDone && done())
    this.#cluster.world.after(this.#steady.write, () => this.#write(isEnough, done))
  }
}
