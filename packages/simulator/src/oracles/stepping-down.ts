import type { Facts } from '../facts/facts.js'
import type { Oracle } from './oracle.js'

/** A leader may be late in noticing by so many election timeouts: its own rule, a heartbeat, a clock that is wrong. */
const LATE_BY = 4

/** A leader that no majority answers, or whose disk hangs, does not lead on (CORRECTNESS 5 and 6). */
export function steppingDown(facts: Facts): Oracle {
  const { world, members, options } = facts
  /** By member and peer: when something was delivered last. */
  const heardAt = new Map<string, number>()
  /** By leader: since when it has been observed to lead although it should not. */
  const overdue = new Map<string, number>()
  return {
    onDeliver: (id, from) => {
      heardAt.set(`${id} ${from}`, world.now)
    },
    onTransition: (id, { role }) => {
      overdue.delete(id)
      if (role === 'leader') for (const peer of members) heardAt.set(`${id} ${peer}`, world.now)
    },
    onTurn: (id, { role, currentTerm }) => {
      if (role !== 'leader') return
      const limit = world.now - LATE_BY * options.electionTimeout
      const heard = members.filter((peer) => peer === id || (heardAt.get(`${id} ${peer}`) ?? 0) > limit)
      const { pendingSince } = facts.log(id)
      if (facts.isMajority(heard.length) && pendingSince > limit) {
        overdue.delete(id)
        return
      }
      // It may have been paused: it gets the time to look around.
      const since = overdue.get(id) ?? world.now
      overdue.set(id, since)
      if (world.now - since > options.electionTimeout)
        facts.violated('a leader that is cut off steps down', `${id} leads ${currentTerm}, hears ${heard}, writes since ${pendingSince}`)
    },
    onEnded: (id) => {
      overdue.delete(id)
    },
  }
}
