import type { Tuning } from '@raft/core'
import type { Prng } from '../world/prng.js'

/** What is unusual about the run of a seed. */
export interface Character {
  /** The members are many heartbeat intervals apart, so that rounds of messages overlap. */
  readonly far: boolean
  /** Timeouts are near the time that messages take, so that there is one election after the other. */
  readonly tight: boolean
  /** A minority is down, mute, deaf or cut off for most of the run. All faults last long, and are few. */
  readonly lasting: boolean
  /** Links, processes, disks and kinds of messages have ranks: what has a low one waits for the others (see `Ranks`). */
  readonly ranked: boolean
  /** Faults aim at the moments at which an old and a new leader both live, and clients read at both. */
  readonly handovers: boolean
  /** When the faults have ended, nothing may take longer than its messages and disk accesses do (see `checkPromptness`). */
  readonly quiet: boolean
  /** Members are stopped from inside their callbacks, and their processes live on for a while. */
  readonly stopping: boolean
}

/** Nothing is unusual: all seeds were of this kind before there were others. */
export const plainCharacter: Character = {
  far: false,
  tight: false,
  lasting: false,
  ranked: false,
  handovers: false,
  quiet: false,
  stopping: false,
}

/** One seed in so many has a character. The others run as they did before there were characters. */
const EVERY = 3

/** The shares of the seeds that have a character at all. */
const SHARES: Readonly<Record<keyof Character, number>> = {
  far: 0.35,
  tight: 0.25,
  lasting: 0.35,
  ranked: 0.4,
  handovers: 0.5,
  quiet: 0.4,
  stopping: 0.3,
}

/**
 * @param random of its own, so that what it draws shifts nothing of what the seed draws elsewhere
 * @param given instead of what the seed draws; what is left out of it is not unusual
 */
export function drawCharacter(seed: number, random: Prng, given?: Partial<Character>): Character {
  if (given !== undefined) return { ...plainCharacter, ...given }
  if (seed % EVERY !== 0) return plainCharacter
  // Forked, so that a character that is given leaves to the rest what the same one leaves that was drawn.
  const traits = random.fork('traits')
  const drawn = { ...plainCharacter }
  for (const trait of Object.keys(SHARES) as (keyof Character)[]) drawn[trait] = traits.chance(SHARES[trait])
  // Far members elect nobody while timeouts are short.
  if (drawn.far) drawn.tight = false
  if (Object.values(drawn).every((isSo) => !isSo)) drawn.handovers = true
  return drawn
}

/** Whether anything is unusual. */
export function isPlain(character: Character): boolean {
  return Object.values(character).every((isSo) => !isSo)
}

/** Faults that open the run of a seed whose faults last: a minority is gone for most of it. */
const OPENINGS = ['keepDown', 'keepMute', 'keepDeaf', 'keepCutOff', 'keepSlow']
/** Faults at a change of leader. */
const HANDOVERS = ['lateAnswers', 'sleepingLeader', 'slowStart', 'leaderOfMinority']

/** What of a plan a character changes. */
interface Shaped {
  readonly memberIds: readonly string[]
  readonly tuning: Partial<Tuning> & Pick<Tuning, 'electionTimeout'>
  readonly links: { readonly delay: number }
  readonly maxPending: number
  readonly maxPendingBytes: number
  readonly isAsync: boolean
  readonly faults: readonly string[]
  readonly faultPause: number
  readonly duration: number
  readonly opening: readonly string[]
  readonly patience: number
}

/** The plan of a seed, as its character makes it. What the caller has fixed (`given`) stays. */
export function shaped<P extends Shaped>(plan: P, character: Character, random: Prng, given: Partial<Tuning> = {}): P {
  let result = plan
  if (character.far) result = far(result, random, given)
  if (character.tight) result = tight(result, random, given)
  if (character.lasting) result = lasting(result, random)
  if (character.handovers) result = withHandovers(result)
  if (character.stopping) result = withStops(result)
  if (character.quiet) result = quiet(result, random, given)
  return result
}

function far<P extends Shaped>(plan: P, random: Prng, given: Partial<Tuning>): P {
  const tuning = { ...plan.tuning, electionTimeout: 300, heartbeatInterval: random.pick([5, 10, 20]), ...given }
  return { ...plan, tuning, duration: random.between(5, 15) * tuning.electionTimeout, faultPause: plan.faultPause * 2 }
}

function tight<P extends Shaped>(plan: P, random: Prng, given: Partial<Tuning>): P {
  const electionTimeout = random.pick([30, 45])
  const tuning = { ...plan.tuning, electionTimeout, heartbeatInterval: electionTimeout / random.pick([3, 3, 6]), ...given }
  return { ...plan, tuning, links: { ...plan.links, delay: random.pick([1, 3, 6]) }, duration: random.between(10, 50) * electionTimeout }
}

function lasting<P extends Shaped>(plan: P, random: Prng): P {
  const patience = random.between(2, 8)
  const opening = plan.memberIds.length < 3 ? [] : Array.from({ length: random.pick([1, 1, 2]) }, () => random.pick(OPENINGS))
  return { ...plan, patience, opening, faultPause: plan.faultPause * patience }
}

function withHandovers<P extends Shaped>(plan: P): P {
  return { ...plan, faults: [...plan.faults.slice(0, 3), ...HANDOVERS, ...HANDOVERS], faultPause: Math.max(plan.faultPause, 120) }
}

function withStops<P extends Shaped>(plan: P): P {
  return { ...plan, faults: [...plan.faults, ...plan.faults.map(() => 'stopInside')] }
}

/** Heartbeats are rare, so that none does by the way what should have been done at once; and nothing is refused for want of room. */
function quiet<P extends Shaped>(plan: P, random: Prng, given: Partial<Tuning>): P {
  const tuning = { ...plan.tuning, heartbeatInterval: plan.tuning.electionTimeout / random.pick([3, 5]), ...given }
  return {
    ...plan,
    tuning,
    isAsync: false,
    maxPending: Math.max(50, plan.maxPending),
    maxPendingBytes: Math.max(1e5, plan.maxPendingBytes),
  }
}
