import type { HistoryOperation } from '@raft/simulator'
import type { KnownRevisions } from './known-revisions.js'
import { changedAt, type Input, type Output } from './operations.js'

/**
 * Reads of what one member has applied may come anywhere before their return, as if they had been called at the beginning. But they come
 * behind the write of what they show, so that they may as well have been called with it: then the search need not carry all of them
 * along from the beginning.
 */
export function placeLocalReads(
  history: readonly HistoryOperation<Input, Output>[],
  known: KnownRevisions,
): readonly HistoryOperation<Input, Output>[] {
  const calls: { readonly revision: number; readonly call: number }[] = []
  for (const { output, call } of history) {
    const revision = output === undefined ? null : changedAt(output)
    if (revision !== null) calls.push({ revision, call })
  }
  calls.sort((a, b) => a.revision - b.revision)
  return history.map((one) => {
    const { input, output } = one
    if (output === undefined || !('consistency' in input) || input.consistency !== 'local') return one
    const earliest = known.earliest(input, output)
    let low = 0
    let high = calls.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((calls[middle]?.revision ?? 0) <= earliest) low = middle + 1
      else high = middle
    }
    const call = calls[low - 1]?.call ?? one.call
    // A write that was called after the answer: the model will say that it cannot be.
    return call < one.return ? { ...one, call: Math.max(one.call, call) } : one
  })
}
