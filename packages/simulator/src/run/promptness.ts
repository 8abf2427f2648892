import type { Cluster } from '../cluster/cluster.js'
import type { SimulatedMember } from '../cluster/simulated-member.js'
import type { Harm } from '../faults/harm.js'
import type { Prng } from '../world/prng.js'
import { FailOvers } from './fail-overs.js'
import { Steady } from './steady.js'

type Kind = 'write' | 'read'

/** Operations, or bursts of them, before the leader is lost, while it is, and when it is there again. */
const BEFORE = 14
const WITHOUT_ONE = 8
const AFTER = 5
const LARGEST_BURST = 4
/** For how long a member stands still that must not make a stir then, in election timeouts. */
const LONGEST_STANDSTILL = 2.5

/**
 * On a cluster on which nothing is lost and everything takes as long as it was drawn, nothing may take longer than its messages and disk
 * operations do: no write, no read, no fail-over, no return of a member. What waits for a heartbeat, or for a timeout, was not woken.
 */
export async function checkPromptness<Result, Answer>(cluster: Cluster<Result, Answer>, harm: Harm, random: Prng): Promise<void> {
  if (cluster.workload.operate === undefined || cluster.wholeMembers().length < cluster.members.length) return
  const steady = new Steady(cluster, random)
  harm.makeSteady(steady.delay, (id) => steady.diskDelay(id))
  await cluster.world.run(cluster.world.now + 3 * cluster.electionTimeout)
  const check = new Promptness(cluster, random, steady)
  await check.operations(BEFORE)
  await check.standstill()
  if (cluster.members.length >= 3) {
    const failOvers = new FailOvers(cluster, harm, random, steady)
    const lost = await failOvers.lose()
    await check.operations(WITHOUT_ONE)
    if (lost !== null) await failOvers.comeBack(lost)
  }
  await check.operations(AFTER)
}

class Promptness<Result, Answer> {
  readonly #cluster: Cluster<Result, Answer>
  readonly #random: Prng
  readonly #steady: Steady<Result, Answer>

  constructor(cluster: Cluster<Result, Answer>, random: Prng, steady: Steady<Result, Answer>) {
    this.#cluster = cluster
    this.#random = random
    this.#steady = steady
  }

  async operations(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      await this.#steady.pause()
      await this.#random.pick([() => this.#burst('write'), () => this.#burst('read'), () => this.#staggered(), () => this.#chain()])()
    }
  }

  /** A follower stands still and goes on: its leader's messages wait for it, so it does not ask to be elected. */
  async standstill(): Promise<void> {
    const { world, members, electionTimeout } = this.#cluster
    const leader = this.#cluster.leader()
    const follower = this.#random.pick(members)
    if (members.length < 3 || leader === null || follower === leader || world.violation !== null) return
    const before = world.counts.get('preCandidate')
    follower.host.pause(this.#random.between(1, LONGEST_STANDSTILL) * electionTimeout)
    await world.run(follower.host.pausedUntil + electionTimeout / 2)
    if (world.counts.get('preCandidate') !== before)
      this.#steady.broken(`somebody asks to be elected after ${follower.id} stood still, with all messages of its leader waiting for it`)
  }

  /** They begin together. Where the windows are as small as can be, one write goes after the other. */
  async #burst(kind: Kind): Promise<void> {
    const count = this.#random.chance(0.3) ? 2 + this.#random.below(LARGEST_BURST - 1) : 1
    const bound = kind === 'read' ? this.#steady.read : this.#steady.write * (2 * count - 1)
    await this.#timed(`${count} of kind ${kind}`, bound, count, (leader, done) => {
      for (let i = 0; i < count; i++) this.#operate(kind, leader, done)
    })
  }

  /** Reads of which each may begin while others are being confirmed: they wait for that round, and for one of their own. */
  async #staggered(): Promise<void> {
    const count = 2 + this.#random.below(LARGEST_BURST - 1)
    const { read, delay } = this.#steady
    const pause = this.#random.between(0, 2 * delay)
    await this.#timed(`${count} reads, one after the other`, (count - 1) * pause + 2 * read, count, (leader, done) => {
      for (let i = 0; i < count; i++) this.#cluster.world.after(i * pause, () => this.#operate('read', leader, done))
    })
  }

  /** A write that is begun when another one is answered, from inside. */
  async #chain(): Promise<void> {
    await this.#timed('a write and, when that was answered, another', 2 * this.#steady.write, 2, (leader, done) => {
      this.#operate('write', leader, (isDone) => {
        done(isDone)
        this.#operate('write', leader, done)
      })
    })
  }

  async #timed(
    what: string,
    bound: number,
    count: number,
    begin: (leader: SimulatedMember<Result, Answer>, done: (isDone: boolean) => void) => void,
  ): Promise<void> {
    const { world } = this.#cluster
    const leader = this.#cluster.leader()
    if (world.violation !== null) return
    if (leader === null) {
      this.#steady.broken(`nobody leads: ${this.#cluster.glance()}`)
      return
    }
    let open = count
    let failed = 0
    const losses = this.#steady.losses
    begin(leader, (isDone) => {
      open -= 1
      if (!isDone) failed += 1
    })
    await world.run(world.now + bound, () => open === 0)
    world.count('operations timed', count)
    if (this.#steady.losses !== losses) {
      await this.#steady.settle(() => open === 0)
      return
    }
    if (open > 0) this.#steady.broken(`${what} at ${leader.id} took more than ${bound.toFixed(2)} ms`)
    if (failed > 0) this.#steady.broken(`${failed} of ${what} at ${leader.id} failed`)
  }

  #operate(kind: Kind, { id }: SimulatedMember<Result, Answer>, done: (isDone: boolean) => void): void {
    this.#cluster.workload.operate?.(kind, id, done)
  }
}
