import { EntryBatch, EntryKind, type HardState, type LogWrite, type Random } from '@raft/core'
import { randomBytes, whole } from '../random.js'
import type { LogModel } from './model.js'

const encoder = new TextEncoder()

/** Commands of text. */
export function commands(firstIndex: number, term: number, ...payloads: string[]): EntryBatch {
  return EntryBatch.of(
    firstIndex,
    term,
    EntryKind.Command,
    payloads.map((payload) => encoder.encode(payload)),
  )
}

/** So many commands, all different from those with another `name`. */
export function numbered(firstIndex: number, term: number, count: number, name: string): EntryBatch {
  return commands(firstIndex, term, ...Array.from({ length: count }, (_, i) => `${name} ${firstIndex + i}`))
}

export function entriesOf(...entries: EntryBatch[]): LogWrite {
  return { hardState: null, entries }
}

/** A write that a member might do next: hard state, a few batches, at times in place of a suffix. */
export function randomWrite(model: LogModel, random: Random): LogWrite {
  const isNewTerm = random() < 0.4
  const term = Math.max(model.hardState.currentTerm, model.lastTerm, 1) + (isNewTerm ? 1 : 0)
  const first = model.base.index + 1
  // Terms ascend in the log, so that only a later term replaces.
  const back = isNewTerm && random() < 0.7 ? whole(random, Math.min(model.lastIndex - first + 2, 12)) : 0
  const entries: EntryBatch[] = []
  let next = model.lastIndex + 1 - back
  for (let i = whole(random, 4); i > 0; i--) {
    const payloads = Array.from({ length: whole(random, 6) }, () => randomBytes(random, whole(random, random() < 0.05 ? 9000 : 60)))
    entries.push(EntryBatch.of(next, term, whole(random, EntryKind.NoOp + 1), payloads))
    next += payloads.length
  }
  return { hardState: isNewTerm || random() < 0.2 ? randomHardState(term, random) : null, entries }
}

function randomHardState(currentTerm: number, random: Random): HardState {
  return { currentTerm, votedFor: random() < 0.5 ? null : `member-${whole(random, 5)}` }
}
