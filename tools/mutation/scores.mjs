// @ts-check
import { readFileSync, writeFileSync } from 'node:fs'
import { countsOf } from './survivors.mjs'

/**
 * What the first run counted for a file, null where no whole run was made before there were tests for it, and what the last;
 * whether the last was without the slow tests.
 *
 * @typedef {{ quick: boolean, first: import('./survivors.mjs').Counts | null, last: import('./survivors.mjs').Counts }} Score
 *
 * By suite and file.
 * @typedef {Record<string, Record<string, Score>>} Scores
 */

const SCORES = new URL('scores.json', import.meta.url)

/** @returns {Scores} */
export function readScores() {
  return JSON.parse(readFileSync(SCORES, 'utf8'))
}

/**
 * @param {string} suite
 * @param {readonly import('./survivors.mjs').Mutant[]} mutants
 * @param {boolean} quick
 */
export function record(suite, mutants, quick) {
  const scores = readScores()
  const files = scores[suite] ?? {}
  for (const [file, counts] of countsOf(mutants))
    files[file] = { quick, first: files[file] === undefined ? counts : files[file].first, last: counts }
  scores[suite] = Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync(SCORES, `${JSON.stringify(scores, null, 2)}\n`)
}
