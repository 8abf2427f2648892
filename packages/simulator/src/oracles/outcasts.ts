import type { Facts } from '../facts/facts.js'
import type { Oracle } from './oracle.js'

/** Who has lost what it had on its disk takes no part, where the others remember: nobody talks to it. */
export function outcastsTakeNoPart(facts: Facts): Oracle {
  const outcasts = new Set<string>()
  return {
    onOutcast: (id) => outcasts.add(id),
    onDeliver: (id, from, message) => {
      if (outcasts.has(id))
        facts.violated('who lost its disk takes no part', `${id} has lost its disk, and hears a ${message.type} from ${from}`)
    },
  }
}
