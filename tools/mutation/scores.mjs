// @ts-check
import { readFileSync, writeFileSync } from 'node:fs'
import { countsOf } from './survivors.mjs'

/**
 * By file: what the first run counted, and what the last.
 *
 * @typedef {Record<string, Record<string, { first: import('./survivors.mjs').Counts, last: import('./survivors.mjs').Counts }>>} Scores
 */

const SCORES = new URL('scores.json', import.meta.url)

/** @returns {Scores} by suite and file */
export function readScores() {
  return JSON.parse(readFileSync(SCORES, 'utf8'))
}

/**
 * @param {string} suite
 * @param {readonly import('./survivors.mjs').Mutant[]} mutants
 */
export function record(suite, mutants) {
  const scores = readScores()
  const files = scores[suite] ?? {}
  for (const [file, counts] of countsOf(mutants)) files[file] = { first: files[file]?.first ?? counts, last: counts }
  scores[suite] = Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync(SCORES, `${JSON.stringify(scores, null, 2)}\n`)
}
