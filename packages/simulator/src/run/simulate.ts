import { Cluster } from '../cluster/cluster.js'
import type { StackFactory } from '../cluster/stack.js'
import { isPlain } from '../faults/character.js'
import { Harm } from '../faults/harm.js'
import { Nemesis } from '../faults/nemesis.js'
import { calmed, drawCharacteristicPlan, type Plan, type PlanOptions, type Reduction } from '../faults/plan.js'
import { Ranks } from '../faults/ranks.js'
import { Links } from '../network/links.js'
import type { Prng } from '../world/prng.js'
import { type Violation, World } from '../world/world.js'
import { checkLiveness, type LivenessBounds } from './liveness.js'
import { checkPromptness } from './promptness.js'

export interface SimulationOptions<Result, Answer> extends PlanOptions, Reduction {
  /** Decides everything. A whole number. */
  readonly seed: number
  /** What the cluster is made of. */
  readonly stack: StackFactory<Result, Answer>
  readonly liveness?: Partial<LivenessBounds>
  /** How many of the last events are kept to be read. Default 120. */
  readonly keptTraceLines?: number
}

export interface Outcome {
  readonly seed: number
  readonly violation: Violation | null
  /** Of everything that happened: equal when, and nearly only when, the same happened. */
  readonly hash: number
  readonly events: number
  /** Simulated ms. */
  readonly duration: number
  /** How many faults the seed has drawn. */
  readonly faults: number
  /** How often everything that is counted happened. */
  readonly counts: ReadonlyMap<string, number>
  readonly plan: Plan
  /** The last events, one a line, and what the members were in the end. */
  readonly transcript: readonly string[]
}

/** One cluster's life, decided by `seed` alone: work and harm, then an end of the harm, and what must be true then. */
export async function simulate<Result, Answer>(options: SimulationOptions<Result, Answer>): Promise<Outcome> {
  const world = new World(options.seed, options.keptTraceLines)
  const randomOfCharacter = world.random('character')
  const plan = calmed(drawCharacteristicPlan(options.seed, world.random('plan'), randomOfCharacter, options), options.calm)
  const { character } = plan
  const links = new Links(world, plan.memberIds)
  const stack = options.stack({ world, links, random: world.random('stack'), memberIds: plan.memberIds, character })
  const cluster = new Cluster(world, links, stack, plan)
  Object.assign(links.conditions, plan.links)
  const driftRandom = world.random('drift')
  for (const { host, disk } of cluster.members) {
    host.clock.jump(driftRandom.between(0, 1e6))
    host.clock.setRate(1 + plan.drift * driftRandom.between(-1, 1))
    Object.assign(disk.conditions, plan.disks)
  }
  if (character.far) spread(links, plan, randomOfCharacter.fork('distances'))
  const { members } = cluster
  const ranks = character.ranked ? new Ranks(world, links, members, randomOfCharacter.fork('ranks'), plan.duration) : null
  noteCharacter(world, plan)
  for (const member of members) member.start()
  cluster.workload.start()
  const harm = new Harm({
    world,
    links,
    plan,
    members,
    leader: () => cluster.leader(),
    leadingTerm: () => cluster.facts.newestLeaderTerm,
    mayLoseDisk: (id) => cluster.mayLoseDisk(id),
  })
  const nemesis = new Nemesis(world, harm, plan, options.only)
  await world.run(plan.duration)
  ranks?.end()
  nemesis.end()
  await checkLiveness(cluster, options.liveness ?? {})
  if (world.violation === null) stack.rest?.(cluster.wholeMembers().map(({ id }) => id))
  if (character.quiet) await checkPromptness(cluster, harm, randomOfCharacter.fork('promptness'))
  cluster.workload.finish()
  return {
    seed: options.seed,
    violation: world.violation,
    hash: world.trace.hash,
    events: world.events,
    duration: world.now,
    faults: nemesis.faults,
    counts: world.counts,
    plan,
    transcript: [...world.trace.lines(), ...cluster.members.map((member) => member.glance())],
  }
}

/** How many heartbeat intervals the members are apart, the nearest and the farthest. A round trip stays below an election timeout. */
const NEAREST = 0.5
const FARTHEST = 5
const MOST_OF_TIMEOUT = 0.2

function spread(links: Links, { memberIds, tuning }: Plan, random: Prng): void {
  const { electionTimeout, heartbeatInterval = electionTimeout / 10 } = tuning
  const most = Math.min(random.between(1.5, FARTHEST) * heartbeatInterval, MOST_OF_TIMEOUT * electionTimeout)
  for (const from of memberIds) {
    for (const to of memberIds) links.setDistance(from, to, random.between(Math.min(NEAREST * heartbeatInterval, most), most))
  }
}

function noteCharacter(world: World, { character }: Plan): void {
  if (isPlain(character)) return
  for (const [trait, isSo] of Object.entries(character)) if (isSo) world.count(`character ${trait}`)
}
