import { EntryKind } from '@raft/core'
import type { Facts } from '../facts/facts.js'
import type { Oracle } from './oracle.js'

/**
 * Every term's first entry is its leader's no-op (paper §8): without it, what earlier terms have left stays uncommitted, and reads
 * wait, until somebody happens to propose.
 */
export function termBeginnings(facts: Facts): Oracle {
  return {
    onWrite: (id, write) => {
      const first = write.entries.find((batch) => batch.count > 0)?.firstIndex
      if (first === undefined) return
      let termBefore = facts.log(id).issuedTermAt(first - 1)
      for (const batch of write.entries) {
        for (const run of batch.runs) {
          if (run.term !== termBefore && batch.kind(run.firstIndex) !== EntryKind.NoOp)
            facts.violated('a term begins with a no-op', `${id} writes ${run.firstIndex}, the first of term ${run.term}: a command`)
          termBefore = run.term
        }
      }
    },
  }
}
