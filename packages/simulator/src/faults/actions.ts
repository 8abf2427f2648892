import type { Prng } from '../world/prng.js'
import { keepCutOff, keepDown, keepSlow } from './afflictions.js'
import { lateAnswers, leaderOfMinority, sleepingLeader, slowStart } from './handovers.js'
import type { Harm } from './harm.js'
import { stopInside } from './stops.js'

/** Does something bad. Everything it draws, it draws from `random`, so that leaving one out changes nothing in the others. */
type Action = (harm: Harm, random: Prng) => void

/** How long a fault lasts, in election timeouts on average. */
const SHORT = 1.5
const LONG = 3

const ACTIONS: Readonly<Record<string, Action>> = {
  crash: (harm, random) => harm.crash(harm.anybody(random), random),
  crashLeader: (harm, random) => harm.crash(harm.leader(random), random),
  crashWhileWriting: (harm, random) => harm.crashWhileWriting(harm.anybody(random), random),
  crashAll: (harm, random) => harm.all((member) => harm.crash(member, random)),
  kill: (harm, random) => harm.kill(harm.anybody(random), random),
  killAll: (harm, random) => harm.all((member) => harm.kill(member, random)),
  stop: (harm, random) => harm.stop(harm.anybody(random)),
  pause: (harm, random) => harm.pause(harm.anybody(random), harm.duration(random, SHORT)),
  pauseLeader: (harm, random) => harm.pause(harm.leader(random), harm.duration(random, SHORT)),
  split: (harm, random) =>
    harm.split(
      harm.links.hosts.filter(() => random.chance(0.5)),
      harm.duration(random, LONG),
    ),
  isolateLeader: (harm, random) => harm.split([harm.leader(random).id], harm.duration(random, LONG)),
  // The leader with one other, against the rest: what Figure 8 needs.
  leaderAndOne: (harm, random) => harm.split([harm.leader(random).id, harm.anybody(random).id], harm.duration(random, LONG)),
  deaf: (harm, random) => harm.cutOneWay(harm.leader(random).id, 'in', harm.duration(random, LONG)),
  mute: (harm, random) => harm.cutOneWay(harm.leader(random).id, 'out', harm.duration(random, LONG)),
  cutOneLink: (harm, random) => harm.cut(harm.anybody(random).id, harm.anybody(random).id),
  mend: (harm) => harm.mend(),
  flap: (harm, random) => harm.flap(harm.anybody(random).id, random),
  storm: (harm, random) =>
    harm.worsenLinks(
      { loss: random.between(0, 0.6), duplication: random.between(0, 0.5), lateness: random.between(0, 0.5), delay: random.between(1, 20) },
      harm.duration(random, LONG),
    ),
  garble: (harm, random) => harm.worsenLinks({ corruption: random.between(0.05, 0.5) }, harm.duration(random, LONG)),
  slowDisk: (harm, random) =>
    harm.worsenDisk(harm.anybody(random), { slowness: 1, maxSlow: random.between(10, 300) }, harm.duration(random, LONG)),
  slowLeadersDisk: (harm, random) =>
    harm.worsenDisk(harm.leader(random), { slowness: 1, maxSlow: random.between(10, 300) }, harm.duration(random, LONG)),
  stallDisk: (harm, random) => harm.stallDisk(harm.anybody(random), harm.duration(random, LONG)),
  fillDisk: (harm, random) => harm.fillDisk(harm.anybody(random), harm.duration(random, LONG)),
  writeErrors: (harm, random) => harm.worsenDisk(harm.anybody(random), { writeErrors: 0.2 }, harm.duration(random, SHORT)),
  syncErrors: (harm, random) => harm.worsenDisk(harm.anybody(random), { syncErrors: 0.2 }, harm.duration(random, SHORT)),
  readErrors: (harm, random) => harm.worsenDisk(harm.anybody(random), { readErrors: 0.2 }, harm.duration(random, SHORT)),
  openErrors: (harm, random) => harm.crashAndFailToOpen(harm.anybody(random), harm.duration(random, SHORT), random),
  fastClock: (harm, random) => harm.setClock(harm.anybody(random), random.between(1.2, 3), harm.duration(random, LONG)),
  slowClock: (harm, random) => harm.setClock(harm.anybody(random), random.between(0.3, 0.8), harm.duration(random, LONG)),
  clockJump: (harm, random) => harm.jumpClock(harm.anybody(random), harm.duration(random, LONG)),
  wipe: (harm, random) => harm.wipeWhereAllowed(harm.anybody(random), random),
}

/** What the protocol does not survive. Only on request: to see that it is found out. */
const UNBEARABLE: Readonly<Record<string, Action>> = {
  wipeAnybody: (harm, random) => harm.wipe(harm.anybody(random), random),
}

/** What only members bear that know each other's directories. Only on request. */
const ON_REQUEST: Readonly<Record<string, Action>> = {
  rollBack: (harm, random) => harm.rollBackWhereAllowed(harm.anybody(random), random),
}

/** What needs a disk of files. Only on request: see `PlanOptions.sometimes`. */
const OF_FILES: Readonly<Record<string, Action>> = {
  startTwice: (harm, random) => harm.startTwice(harm.anybody(random), random),
  noDescriptors: (harm, random) => harm.takeDescriptors(harm.anybody(random), harm.duration(random, LONG)),
}

/** What only seeds with such a character draw. Each must be named elsewhere. */
const AIMED: Readonly<Record<string, Action>> = {
  lateAnswers,
  sleepingLeader,
  slowStart,
  leaderOfMinority,
  stopInside,
  keepDown,
  keepSlow,
  keepMute: (harm, random) => keepCutOff(harm, random, ['out']),
  keepDeaf: (harm, random) => keepCutOff(harm, random, ['in']),
  keepCutOff: (harm, random) => keepCutOff(harm, random),
}

/** The kinds of faults there are, and that come unasked. */
export const faultNames: readonly string[] = Object.keys(ACTIONS)
/** The kinds that break what no cluster can do without, and are not drawn: they must be named. */
export const unbearableFaultNames: readonly string[] = Object.keys(UNBEARABLE)

export function act(name: string, harm: Harm, random: Prng): void {
  const action = ACTIONS[name] ?? ON_REQUEST[name] ?? AIMED[name] ?? OF_FILES[name] ?? UNBEARABLE[name]
  if (action === undefined) {
    throw new Error(
      `there is no fault "${name}": expected one of ${[...faultNames, ...Object.keys(ON_REQUEST), ...Object.keys(AIMED), ...Object.keys(OF_FILES), ...unbearableFaultNames].join(', ')}`,
    )
  }
  action(harm, random)
}
