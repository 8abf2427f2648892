import { join } from 'node:path'
import { layers } from './all.js'
import { root } from './bundle.js'
import type { FoundBy } from './found.js'
import { type Harmless, harmless, heldByTests } from './harmless.js'

export const DOCUMENT = join(root, 'docs/broken-variants.md')

const HEAD = `# Broken variants

Each line is a mistake that somebody could have made. It is made in the production source, and the simulation must find it: that it finds nothing in the source as it is means little otherwise. CI finds each of them every time, and nothing in the unbroken source with the same seeds.

\`pnpm variants\` hunts for all of them from seed 1 on, and writes this file; \`pnpm variants --only NAME\` shows what one of them breaks. A mistake that no oracle finds is a gap in the simulator: what was tried and not found is at the end. The stacks are those of [simulation.md](simulation.md); "seeds" says how many clusters were simulated until it was found.
`

/** The text of the document. @throws Error when a variant was never found */
export function documentOf(found: FoundBy): string {
  const tables = layers.map(({ title, variants }) => {
    const lines = variants.map(({ name, breaks, stack }) => {
      const one = found[name]
      if (one === undefined) throw new Error(`"${name}" was never found: run pnpm variants`)
      return `| ${name} | ${breaks} | ${stack} | ${one.oracle} | ${one.seed} |`
    })
    return [`## ${title}`, '', '| variant | what is broken | stack | found by | seeds |', '|---|---|---|---|---|', ...lines].join('\n')
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
  return `${[HEAD, ...tables.map((table) => `${table}\n`), rest.join('\n')].join('\n')}\n`
}

function linesOf(changes: readonly Harmless[]): string[] {
  return changes.map(({ breaks, why }) => `| ${breaks} | ${why} |`)
}
