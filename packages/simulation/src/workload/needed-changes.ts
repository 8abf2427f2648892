import type { Held } from './operations.js'

/** A put of a key, as far as answers tell. */
export interface KnownPut {
  readonly revision: number
  /** Before this revision the key did not change again. */
  readonly until: number
  /** What it left behind; null if that is not known. */
  readonly left: Held | null
}

/**
 * Keys that must have changed at a revision of which no answer speaks: one that was created there, and one that was there before it was
 * created anew, if that is the only such revision in between.
 * @param puts of each key, by revision
 * @param deletes revisions at which answers say that the key was deleted, or may have been
 * @param taken revisions of which answers speak
 */
export function neededChanges(
  puts: ReadonlyMap<string, readonly KnownPut[]>,
  deletes: ReadonlyMap<string, readonly number[]>,
  taken: ReadonlySet<number>,
): ReadonlyMap<number, ReadonlySet<string>> {
  const needed = new Map<number, Set<string>>()
  const need = (key: string, revision: number) => {
    const keys = needed.get(revision) ?? new Set()
    needed.set(revision, keys.add(key))
  }
  for (const [key, known] of puts) {
    const deleted = deletes.get(key) ?? []
    for (const [i, { revision, left }] of known.entries()) {
      if (left === null) continue
      need(key, left.createRevision)
      const before = known[i - 1]
      if (left.createRevision !== revision || before === undefined || before.left === null) continue
      if (deleted.some((at) => before.until <= at && at <= revision)) continue
      const only = onlyFree(taken, before.until, revision)
      if (only !== null) need(key, only)
    }
  }
  return needed
}

/**
 * The only revision from `from` up to `to` that is not taken; null if there are more or none. `to` is one of them when nobody has
 * answered for it: a transaction may have deleted the key and put it at once.
 */
function onlyFree(taken: ReadonlySet<number>, from: number, to: number): number | null {
  let found: number | null = null
  for (let revision = from; revision <= to; revision++) {
    if (taken.has(revision)) continue
    if (found !== null) return null
    found = revision
  }
  return found
}
