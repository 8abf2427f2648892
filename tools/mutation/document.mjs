// @ts-check
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../house.mjs'
import { harmless } from './harmless.mjs'
import { readScores } from './scores.mjs'

/** @typedef {import('./survivors.mjs').Counts} Counts */

export const DOCUMENT = join(root, 'docs/mutation.md')

const HEAD = `# Mutation testing

[StrykerJS](https://stryker-mutator.io) changes the source in one place at a time: a condition becomes \`true\`, a \`<\` becomes a \`<=\`, a block loses its body. The unit tests of the package have to notice. A change that they do not notice is either a test that is missing or a change that breaks nothing.

\`\`\`sh
pnpm mutate core                                  # the whole package: about a second of processor for each change
pnpm mutate core packages/core/src/progress.ts    # one file, a few minutes
pnpm mutate core --record                         # and the counts into this page
pnpm mutate core --quick                          # without the tests that take longest
pnpm mutate core --again                          # only what no test noticed in the last run, once there is a new test
\`\`\`

The suites are \`core\`, \`log-storage\` (recovery), \`udp-transport\` (session, handshake and the window against replays) and \`client\` (verdicts and outcomes): [tools/mutation/suites.mjs](../tools/mutation/suites.mjs) says which files and which tests. CI does not run them. The command prints each change that no test notices and that the last table does not explain, and fails where there is one.

Texts are not changed, since most of them are messages. Messages of assertions and fingerprints, by which the exploration tells states apart, are not changed either. The tests of one suite run in one worker, with a limit of 10 s for each test. Tests that start processes are left out, and so is the simulator, which finds much of what unit tests do not: [broken-variants.md](broken-variants.md).

A change counts as noticed when a test fails, or when the tests no longer end. The score counts harmless changes as not noticed. "First" is the count when mutation testing was introduced for the file, before any test was added for it. A file whose tests are "quick" was counted without the slow tests of its suite, so its counts may be a little too low. It is missing where the tests came before a whole run, and such a file is not in the first count of its package. The counts of \`log/log.ts\` and of \`state.ts\` were made before \`log/window.ts\`, and \`role-context.ts\` and others, were taken out of them. A file that is in no table has not been counted yet.
`

/** The text of the page. */
export function documentOf() {
  const scores = readScores()
  const suites = Object.entries(scores).map(([suite, files]) => {
    const rows = Object.entries(files).map(([file, { quick, first, last }]) =>
      row(`\`${file.replace(/^.*\/src\//, '')}\``, quick ? 'quick' : 'all', first, last),
    )
    const counts = Object.values(files)
    return [
      `## ${suite}`,
      '',
      '| file | tests | changes | noticed at first | noticed | harmless | not noticed | score at first | score |',
      '|---|---|---|---|---|---|---|---|---|',
      ...rows,
      row('**all**', '', sum(counts.flatMap(({ first }) => first ?? [])), sum(counts.map(({ last }) => last))),
      '',
    ].join('\n')
  })
  const reasons = harmless.flatMap(({ file, changes, why }) =>
    changes.map(([from, to]) => `| \`${file.replace(/^packages\//, '').replace('/src/', '/')}\` | ${code(from)} | ${code(to)} | ${why} |`),
  )
  const table = [
    '## Harmless',
    '',
    'Changes that no test notices, and why they need none.',
    '',
    '| file | source | change | why |',
    '|---|---|---|---|',
  ]
  return [HEAD, ...suites, [...table, ...reasons].join('\n'), ''].join('\n')
}

export function writeDocument() {
  writeFileSync(DOCUMENT, documentOf())
}

/**
 * @param {string} name
 * @param {string} tests
 * @param {Counts | null} first
 * @param {Counts} last
 */
function row(name, tests, first, last) {
  const { killed, survived, harmless } = last
  const cells = [
    tests,
    total(last),
    first?.killed ?? '–',
    killed,
    harmless,
    survived - harmless,
    first === null ? '–' : score(first),
    score(last),
  ]
  return `| ${name} | ${cells.join(' | ')} |`
}

/** @param {Counts} counts */
function total({ killed, survived }) {
  return killed + survived
}

/** @param {Counts} counts */
function score(counts) {
  return total(counts) === 0 ? '' : `${((100 * counts.killed) / total(counts)).toFixed(1)} %`
}

/** @param {readonly Counts[]} all */
function sum(all) {
  const result = { killed: 0, survived: 0, harmless: 0 }
  for (const { killed, survived, harmless } of all) {
    result.killed += killed
    result.survived += survived
    result.harmless += harmless
  }
  return result
}

/** @param {string} text */
function code(text) {
  return text === '' ? 'nothing' : `\`${text.replaceAll('|', '\\|')}\``
}
