import type { Facts } from '../facts/facts.js'
import type { Oracle } from './oracle.js'

/**
 * A member that has lost what it had on its disk takes no part, where the others remember it: none of those talks to it. Two that have
 * lost their disks do not know each other, and may talk: all of them together are never a majority.
 */
export function outcastsTakeNoPart(facts: Facts): Oracle {
  const outcasts = new Set<string>()
  return {
    onOutcast: (id) => outcasts.add(id),
    onDeliver: (id, from, message) => {
      if (outcasts.has(id) && !outcasts.has(from))
        facts.violated('who lost its disk takes no part', `${id} has lost its disk, and hears a ${message.type} from ${from}`)
    },
  }
}
