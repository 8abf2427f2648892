import type { Facts } from '../facts/facts.js'
import type { Oracle } from './oracle.js'

/** Election Safety (paper, Figure 3): at most one leader in a term. */
export function electionSafety(facts: Facts): Oracle {
  const leaders = new Map<number, string>()
  return {
    onTransition: (id, { role, term }) => {
      if (role !== 'leader') return
      const other = leaders.get(term)
      if (other !== undefined && other !== id) facts.violated('Election Safety', `${other} and then ${id} became leader of term ${term}`)
      leaders.set(term, id)
    },
  }
}
