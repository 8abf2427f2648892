import { join } from 'node:path'
import { root } from '../repository.js'
import { layers } from './all.js'
import type { Found, FoundBy } from './found.js'
import { type Harmless, harmless, heldByTests } from './harmless.js'

export const DOCUMENT = join(root, 'docs/broken-variants.md')

const HEAD = `# Broken variants

Each line is a mistake that somebody could have made. It is made in the production source, and the simulation must find it: that it finds nothing in the source as it is means little otherwise. CI finds each of them every time, and nothing in the unbroken source with the same seeds.

\`pnpm variants\` hunts for all of them from seed 1 on, and writes this file; \`pnpm variants --only NAME\` shows what one of them breaks. A mistake that no oracle finds is a gap in the simulator: what was tried and not found is at the end. The stacks are those of [simulation.md](simulation.md). "seeds" is the number of clusters that were simulated until the variant was found, and "s" the seconds of processor time that they took.
`

/** The text of the document. @throws Error when a variant was never found */
export function documentOf(found: FoundBy): string {
  const tables = layers.map(({ title, variants }) => {
    const lines = variants.map(({ name, breaks, stack }) => {
      const one = found[name]
      if (one === undefined) throw new Error(`"${name}" was never found: run pnpm variants`)
      return `| ${name} | ${breaks} | ${stack} | ${one.oracle} | ${one.seed} | ${one.processor.toFixed(1)} |`
    })
    return [`## ${title}`, '', '| variant | what is broken | stack | found by | seeds | s |', '|---|---|---|---|--:|--:|', ...lines].join(
      '\n',
    )
  })
  const rest = [
    [
      '## Not faults',
      '',
      'What was tried too, or thought of, and breaks no promise.',
      '',
      '| change | why it is harmless |',
      '|---|---|',
      ...linesOf(harmless),
    ],
    [
      '',
      '## Not found',
      '',
      'Faults that come about too seldom.',
      '',
      '| change | why, and what holds it |',
      '|---|---|',
      ...linesOf(heldByTests),
    ],
  ].flat()
  return `${[HEAD, sumOf(found), ...tables.map((table) => `${table}\n`), rest.join('\n')].join('\n')}\n`
}

/** What all hunts together took. */
function sumOf(found: FoundBy): string {
  const hunts = layers.flatMap(({ variants }) => variants.flatMap(({ name }) => found[name] ?? []))
  const sum = (of: (one: Found) => number) => hunts.reduce((total, one) => total + of(one), 0)
  const seconds = sum(({ processor }) => processor)
  const quick = hunts.filter(({ processor }) => processor < 10).length
  const events = Math.round(sum(({ events }) => events) / 1e6)
  return `The hunt for all ${hunts.length} took ${Math.round(seconds / 60)} minutes of processor time and ${events} million simulated events; ${quick} of them were found in less than ten seconds each.\n`
}

function linesOf(changes: readonly Harmless[]): string[] {
  return changes.map(({ breaks, why }) => `| ${breaks} | ${why} |`)
}
