import type { Prng } from '../world/prng.js'
import type { FaultTarget, Harm } from './harm.js'

/** Everything here is in election timeouts. */
const LOOK = 0.02
const LONGEST_LOOK = 4
/** How often it is said that nobody listens. */
const HINTS = 20

/**
 * The leader sends nothing any more, and goes on hearing answers to what it had sent before: they were held back. So it takes itself for
 * the leader while the others elect another one. Its clock may be slow, and the others may be told that nobody listens at its address.
 */
export function lateAnswers(harm: Harm, random: Prng): void {
  const leader = harm.leader(random)
  const others = othersOf(harm, leader)
  const held = harm.aim.timeouts(random.between(0.25, 0.7))
  const duration = harm.aim.timeouts(random.between(1.5, 4))
  const isHinted = random.chance(0.6)
  harm.aim.count('late answers')
  harm.aim.note('answers are held back on their way to', leader.id, held)
  harm.aim.holdBack(others, [leader.id], held, held + duration)
  if (random.chance(0.4)) harm.setClock(leader, random.between(0.3, 0.8), held + duration)
  harm.aim.later(held, () => {
    harm.aim.cut([leader.id], others, duration)
    if (isHinted) hintAgainAndAgain(harm, leader, duration)
  })
}

/**
 * The leader's process stands still while another one is elected. When it goes on it finds old answers, and nothing of what has happened
 * since reaches it for a while.
 */
export function sleepingLeader(harm: Harm, random: Prng): void {
  const leader = harm.leader(random)
  const others = othersOf(harm, leader)
  const held = harm.aim.timeouts(random.between(0.1, 0.5))
  const asleep = harm.aim.timeouts(random.between(1.1, 3))
  const deaf = asleep + harm.aim.timeouts(random.between(0.3, 1.5))
  const isCutOff = random.chance(0.5)
  harm.aim.count('sleeping leader')
  harm.aim.holdBack(others, [leader.id], held, held)
  harm.aim.later(held, () => {
    harm.pause(leader, asleep)
    harm.aim.cut(others, [leader.id], deaf)
    if (isCutOff) harm.aim.cut([leader.id], others, deaf)
  })
}

/** The first messages of whoever leads next come late to some of the others, and so do their answers. */
export function slowStart(harm: Harm, random: Prng): void {
  const before = harm.aim.leadingTerm()
  const until = harm.aim.timeouts(LONGEST_LOOK)
  const held = harm.aim.timeouts(random.between(0.2, 1))
  const isOutgoing = random.chance(0.6)
  const chosen = othersOf(harm, null).filter(() => random.chance(0.7))
  if (random.chance(0.7)) harm.kill(harm.leader(random), random)
  const look = (waited: number): void => {
    const leader = harm.aim.leader()
    if (leader !== null && harm.aim.leadingTerm() !== before) {
      harm.aim.count('slow start')
      const others = chosen.filter((id) => id !== leader.id)
      if (isOutgoing) harm.aim.holdBack([leader.id], others, held, 2 * held)
      else harm.aim.holdBack(others, [leader.id], held, 2 * held)
    } else if (waited < until) harm.aim.later(harm.aim.timeouts(LOOK), () => look(waited + harm.aim.timeouts(LOOK)))
  }
  look(0)
}

/** The leader is left with less than a majority, whose answers reach it, and those of the others do for a while. */
export function leaderOfMinority(harm: Harm, random: Prng): void {
  const leader = harm.leader(random)
  const others = othersOf(harm, leader)
  const friends = others.filter(() => random.chance(0.5)).slice(0, Math.floor((others.length - 1) / 2))
  const rest = others.filter((id) => !friends.includes(id))
  const held = harm.aim.timeouts(random.between(0.25, 0.7))
  const duration = harm.aim.timeouts(random.between(1.5, 4))
  const isHinted = random.chance(0.6)
  harm.aim.count('leader of a minority')
  harm.aim.holdBack(rest, [leader.id], held, held + duration)
  harm.aim.later(held, () => {
    harm.aim.cut([leader.id, ...friends], rest, duration)
    if (isHinted) hintAgainAndAgain(harm, leader, duration)
  })
}

/** Everybody that sends to the leader is told that nobody listens there: an election follows as soon as it has been silent for a moment. */
function hintAgainAndAgain(harm: Harm, leader: FaultTarget, duration: number): void {
  for (let i = 1; i <= HINTS; i++) harm.aim.later((i * duration) / (2 * HINTS), () => harm.links.hint(leader.id))
}

function othersOf(harm: Harm, member: FaultTarget | null): string[] {
  return harm.members.filter((one) => one !== member).map(({ id }) => id)
}
