// @ts-check
import { parseArgs } from 'node:util'
import { Stryker } from '@stryker-mutator/core'
import { root } from '../house.mjs'
import { writeDocument } from './document.mjs'
import { IGNORED } from './ignored.mjs'
import { memoryFile, placesOfSurvivors, remembered } from './memory.mjs'
import { record } from './scores.mjs'
import { chosenSuite, suites } from './suites.mjs'
import { summaryOf, survivorsOf, textOf } from './survivors.mjs'

const USAGE = `Usage: pnpm mutate SUITE [FILE...] [--quick] [--again] [--record]

Changes the sources of a suite in one place at a time, and sees whether its unit tests notice. Prints each change that they do not
notice and that tools/mutation/harmless.mjs does not explain, and fails where there is one.

SUITE     ${Object.keys(suites).join(', ')}
FILE      only these sources, below the top of the repository; src/a.ts:10-20 for some of its lines, without --record
--quick   without the suite's slow tests, which tools/mutation/suites.mjs names, but with those of each FILE
--again   only those changes that no test noticed in the last run of the same SUITE and FILEs, whose sources must be the same,
          and those that ran out of time
--record  puts the counts into tools/mutation/scores.json, and docs/mutation.md in order`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    again: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const [name, ...files] = positionals
// What is counted for a part of a file would stand for the whole.
const recordsParts = values.record && files.some((file) => file.includes(':'))
if (name === undefined || values.help || suites[name] === undefined || recordsParts) {
  console.log(USAGE)
  process.exitCode = values.help ? 0 : 2
} else {
  process.chdir(root)
  process.env['RAFT_MUTATE'] = name
  process.env['RAFT_MUTATE_FILES'] = files.join(',')
  if (values.quick) process.env['RAFT_MUTATE_QUICK'] = '1'
  // Tests that draw at random do so less often.
  process.env['RAFT_FUZZ'] ??= '0.2'
  await mutate(name, files.length > 0 ? files : [...chosenSuite().mutate])
}

/**
 * @param {string} suite
 * @param {string[]} files
 */
async function mutate(suite, files) {
  const memory = memoryFile(suite, positionals.slice(1), values.quick)
  const places = values.again ? placesOfSurvivors(memory) : files
  const stryker = new Stryker({
    testRunner: 'vitest',
    plugins: [import.meta.resolve('@stryker-mutator/vitest-runner'), import.meta.resolve('./ignored.mjs')],
    ignorers: [IGNORED],
    vitest: { configFile: 'tools/mutation/vitest.config.ts', related: false },
    packageManager: 'pnpm',
    checkers: [],
    disableTypeChecks: false,
    coverageAnalysis: 'perTest',
    concurrency: 1,
    timeoutMS: 3000,
    timeoutFactor: 2,
    mutate: places,
    // A text changes what is said and not what is done.
    mutator: { excludedMutations: ['StringLiteral'] },
    ignorePatterns: ['dist', '.turbo', 'docs/performance'],
    tempDirName: 'coverage/mutation',
    // What a whole run finds is kept, and nothing of it is taken for granted by the next.
    incremental: !values.again,
    incrementalFile: memory,
    force: true,
    reporters: ['progress-append-only'],
  })
  // Without a place, StrykerJS would choose some itself.
  const tried = places.length === 0 ? [] : await stryker.runMutationTest()
  const results = values.again ? remembered(memory, tried) : tried
  const survivors = survivorsOf(results)
  for (const survivor of survivors.unexplained) console.log(textOf(survivor))
  console.log(summaryOf(results))
  if (values.record) {
    record(suite, results, values.quick)
    writeDocument()
  }
  if (survivors.unexplained.length > 0) process.exitCode = 1
}
