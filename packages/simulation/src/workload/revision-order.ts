import type { HistoryOperation } from '@raft/simulator'
import { changedAt, type HeldUnder, type Input, type Output, revisionOf, shownBy } from './operations.js'
import type { Values } from './values.js'
import { name } from './words.js'

type Done = HistoryOperation<Input, Output> & { readonly output: Output }

/**
 * What is plainly wrong with the revisions of a history, in words; null if nothing is. It looks at less than the search for an order
 * does, but always comes to an end, and says what is wrong more shortly.
 */
export function wrongRevisions(
  history: readonly HistoryOperation<Input, Output>[],
  values: Values,
  describe: (input: Input, output: Output) => string,
): string | null {
  const done = history.filter((one): one is Done => one.output !== undefined)
  const line = ({ client, input, output }: Done) => `${client}: ${describe(input, output)}`
  return sharedRevision(done, line) ?? shownTwice(done, values, line) ?? againstTime(done, line)
}

function sharedRevision(done: readonly Done[], line: (one: Done) => string): string | null {
  const byRevision = new Map<number, Done>()
  for (const one of done) {
    const revision = changedAt(one.output)
    if (revision === null) continue
    const other = byRevision.get(revision)
    if (other !== undefined) return `two writes have revision ${revision}:\n  ${line(other)}\n  ${line(one)}`
    byRevision.set(revision, one)
  }
  return null
}

/** One revision of a key is one value with one version, and somebody wrote it. */
function shownTwice(done: readonly Done[], values: Values, line: (one: Done) => string): string | null {
  const seen = new Map<string, { readonly shown: HeldUnder; readonly by: Done }>()
  for (const by of done) {
    // A transaction may put a key twice at one revision, and see it in between.
    if (by.output.kind === 'transaction') continue
    for (const shown of shownBy(by.input, by.output)) {
      if (!values.isWritten(shown.value)) return `nobody wrote what is read:\n  ${line(by)}`
      const place = `${shown.modRevision} ${shown.key}`
      const before = seen.get(place)
      if (before === undefined) seen.set(place, { shown, by })
      else if (!isSameHeld(before.shown, shown))
        return `${name(shown.key)} at revision ${shown.modRevision} is shown in two ways:\n  ${line(before.by)}\n  ${line(by)}`
    }
  }
  return null
}

function isSameHeld(a: HeldUnder, b: HeldUnder): boolean {
  return a.value === b.value && a.createRevision === b.createRevision && a.version === b.version
}

/** What was called after an answer has no lower revision than it; and a higher one if it changes something. */
function againstTime(done: readonly Done[], line: (one: Done) => string): string | null {
  const byCall = [...done].sort((a, b) => a.call - b.call)
  const byReturn = [...done].sort((a, b) => a.return - b.return)
  let returned = 0
  let highest: { readonly revision: number; readonly by: Done } | null = null
  for (const one of byCall) {
    for (let other = byReturn[returned]; other !== undefined && other.return < one.call; other = byReturn[++returned]) {
      const revision = revisionShown(other)
      if (highest === null || revision > highest.revision) highest = { revision, by: other }
    }
    const revision = revisionOf(one.output)
    if (revision === null || highest === null) continue
    if (revision < highest.revision || (revision === highest.revision && changedAt(one.output) !== null))
      return `revision ${revision} comes after ${highest.revision} was known:\n  ${line(highest.by)}\n  ${line(one)}`
  }
  return null
}

/** The highest revision that the answer proves to exist. */
function revisionShown({ input, output }: Done): number {
  return shownBy(input, output).reduce((highest, { modRevision }) => Math.max(highest, modRevision), revisionOf(output) ?? 0)
}
