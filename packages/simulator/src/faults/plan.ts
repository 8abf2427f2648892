import type { Tuning } from '@raft/core'
import type { DiskConditions } from '../disk/host-disk.js'
import { calmConditions, type LinkConditions } from '../network/links.js'
import type { Prng } from '../world/prng.js'
import { faultNames } from './actions.js'
import { type Character, drawCharacter, plainCharacter, shaped } from './character.js'

/** What one seed has drawn: the cluster, its limits, and which faults come, how often. */
export interface Plan {
  readonly memberIds: readonly string[]
  readonly tuning: Partial<Tuning> & Pick<Tuning, 'electionTimeout'>
  readonly maxPending: number
  readonly maxPendingBytes: number
  readonly isAsync: boolean
  /** How far the clocks of hosts differ: 0.1 is ten percent. */
  readonly drift: number
  readonly links: LinkConditions
  readonly disks: Partial<DiskConditions>
  /** The kinds of faults that come, and the mean ms between two. */
  readonly faults: readonly string[]
  readonly faultPause: number
  /** Whether members may be started on what their disks held before. */
  readonly keepsOldDisks: boolean
  /** For how long there are faults, in ms. */
  readonly duration: number
  readonly character: Character
  /** The kinds of the first faults. Those after them are drawn. */
  readonly opening: readonly string[]
  /** By how much longer than usual each fault lasts. */
  readonly patience: number
}

/** What can be fixed for all seeds; the rest is drawn. */
export interface PlanOptions {
  /** How many members. Default: 1 to 5, mostly 3 or 5. */
  readonly members?: number
  /** The kinds of faults (see `faultNames`). Default: all, or a few of them. */
  readonly faults?: readonly string[]
  /** More kinds, which come in a quarter of the seeds, beside those that the seed has drawn. Default: none. */
  readonly sometimes?: readonly string[]
  readonly tuning?: Partial<Tuning>
  /** Instead of what the seed draws for them. */
  readonly links?: Partial<LinkConditions>
  /** What is unusual about the run: `{}` for nothing. Default: every third seed draws something. */
  readonly character?: Partial<Character>
  /** The run is so many times as long, and its members keep as little in memory as they can. Default 1. */
  readonly length?: number
}

/** What is left out of what a seed has drawn, to make a failure simpler. */
export interface Reduction {
  /** Numbers of the faults that come, counted from 0. Default: all. */
  readonly only?: readonly number[]
  /** Standing conditions that are as on a good day. */
  readonly calm?: readonly Calm[]
}

const CALMING = {
  loss: (plan: Plan): Plan => ({ ...plan, links: { ...plan.links, loss: 0 } }),
  duplication: (plan: Plan): Plan => ({ ...plan, links: { ...plan.links, duplication: 0 } }),
  lateness: (plan: Plan): Plan => ({ ...plan, links: { ...plan.links, lateness: 0 } }),
  corruption: (plan: Plan): Plan => ({ ...plan, links: { ...plan.links, corruption: 0 } }),
  disks: (plan: Plan): Plan => ({ ...plan, disks: {} }),
  clocks: (plan: Plan): Plan => ({ ...plan, drift: 0 }),
}

export type Calm = keyof typeof CALMING

/** The conditions that can be calmed, one by one. */
export const calmable = Object.keys(CALMING) as readonly Calm[]

export function calmed(plan: Plan, calm: readonly Calm[] = []): Plan {
  return calm.reduce((calmer, name) => CALMING[name](calmer), plan)
}

const ELECTION_TIMEOUT = 100

/** Swarm testing: each seed its own subset of faults and rates, so that rare combinations come up (Groce et al., ISSTA 2012). */
function drawPlan(random: Prng, options: PlanOptions = {}): Plan {
  const size = options.members ?? random.pick([1, 2, 3, 3, 3, 3, 4, 5, 5, 5])
  const tuning = {
    electionTimeout: ELECTION_TIMEOUT,
    heartbeatInterval: random.pick([10, 20, 33]),
    maxAppendBytes: random.pick([1, 64, 512, 65_536]),
    maxInflightBytes: random.pick([1, 200, 2000, 1e6]),
    maxInflightMessages: random.pick([1, 2, 8, 256]),
    maxWindowBytes: random.pick([1, 100, 1000, 1e6]),
    maxApplyBytes: random.pick([1, 100, 65_536]),
    ...options.tuning,
  }
  const all = options.faults ?? faultNames
  const plan = {
    memberIds: Array.from({ length: size }, (_, i) => String.fromCharCode(97 + i)),
    tuning,
    maxPending: random.pick([5, 50, 1000]),
    maxPendingBytes: random.pick([100, 5000, 1e6]),
    isAsync: random.chance(0.4),
    drift: random.pick([0, 0.02, 0.1]),
    links: {
      ...calmConditions,
      delay: random.pick([0.2, 1, 5]),
      loss: random.pick([0, 0, 0.02, 0.1, 0.3]),
      duplication: random.pick([0, 0, 0.05, 0.3]),
      lateness: random.pick([0, 0, 0.02, 0.2]),
      corruption: random.pick([0, 0, 0.01, 0.1]),
      ...options.links,
    },
    disks: { delay: random.pick([0.1, 0.4, 2]), slowness: random.pick([0, 0, 0.05]) },
    faults: random.chance(0.3) ? all : some(random, all, 2 + random.below(5)),
    faultPause: random.between(20, 250),
    duration: random.between(5, 30) * tuning.electionTimeout,
  }
  // Drawn last, so that the seeds that were kept before there was such a limit draw what they drew.
  const maxWriteBytes = random.pick([1, 100, 1000, 1e6])
  const { sometimes = [] } = options
  const more = sometimes.length > 0 && random.chance(0.25) ? sometimes : []
  const whole = {
    ...plan,
    faults: [...plan.faults, ...more],
    keepsOldDisks: plan.faults.includes('rollBack'),
    tuning: { maxWriteBytes, ...tuning },
  }
  return { ...whole, character: plainCharacter, opening: [], patience: 1 }
}

/**
 * What a seed draws, with what its character changes.
 *
 * @param randomOfCharacter a stream of its own: what is drawn from it shifts nothing of the plan
 */
export function drawCharacteristicPlan(seed: number, random: Prng, randomOfCharacter: Prng, options: PlanOptions = {}): Plan {
  const drawn = drawCharacter(seed, randomOfCharacter, options.character)
  // How long things take on a quiet cluster is known for heartbeats that are rare: not for those that somebody has fixed.
  const character = options.tuning?.heartbeatInterval === undefined ? drawn : { ...drawn, quiet: false }
  const plan = shaped({ ...drawPlan(random, options), character }, character, randomOfCharacter, options.tuning)
  return options.length === undefined ? plan : prolonged(plan, options.length)
}

function prolonged(plan: Plan, length: number): Plan {
  const tuning = { ...plan.tuning, maxWindowBytes: Math.min(1000, plan.tuning.maxWindowBytes ?? 1000) }
  return { ...plan, tuning, duration: plan.duration * length }
}

function some(random: Prng, all: readonly string[], count: number): string[] {
  return [...new Set(Array.from({ length: count }, () => random.pick(all)))]
}
