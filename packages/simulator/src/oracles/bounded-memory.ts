import type { Facts } from '../facts/facts.js'
import type { Oracle } from './oracle.js'

/** More turns than this within a millisecond, and the node is spinning. */
const MOST_TURNS = 3000

/** What waits at a member, and what it keeps of its log, stays within the limits; and so does the work it does in a moment. */
export function boundedMemory(facts: Facts): Oracle {
  const { maxPending, maxWindowBytes } = facts.options
  const turns = new Map<string, { since: number; count: number }>()
  return {
    onTurn: (id, { pendingProposals, pendingReads, durableIndex, lastLogIndex, logWindowBytes }) => {
      if (pendingProposals > maxPending || pendingReads > maxPending)
        facts.violated('bounded memory', `${id}: ${pendingProposals} proposals and ${pendingReads} reads wait`)
      if (durableIndex === lastLogIndex && logWindowBytes > maxWindowBytes)
        facts.violated('bounded memory', `${id} keeps ${logWindowBytes} bytes of durable entries`)
      const { now } = facts.world
      const recent = turns.get(id)
      if (recent === undefined || now - recent.since >= 1) turns.set(id, { since: now, count: 1 })
      else if (++recent.count > MOST_TURNS) facts.violated('no spinning', `${id} took ${recent.count} turns within a millisecond`)
    },
  }
}
