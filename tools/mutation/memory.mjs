// @ts-check
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { root } from '../house.mjs'

/**
 * @typedef {import('./survivors.mjs').Mutant} Mutant
 *
 * What StrykerJS keeps of a run: by file, its source and what became of each change.
 * @typedef {{ files: Record<string, { source: string, mutants: Mutant[] }> }} Report
 */

/**
 * Where it is kept what the last run of the same kind has found.
 *
 * @param {string} suite
 * @param {readonly string[]} files
 * @param {boolean} quick
 */
export function memoryFile(suite, files, quick) {
  const name = ['mutation', suite, ...(quick ? ['quick'] : []), ...files.map((file) => basename(file, '.ts'))].join('-')
  return join('coverage', `${name}.json`)
}

/**
 * The places of the changes that no test noticed in that run, as StrykerJS takes them, and of those by which it ran out of time: a
 * machine that is busy with something else looks like a change that goes on for ever.
 *
 * @param {string} memory
 * @throws where there was no such run, or where a source is another one now
 */
export function placesOfSurvivors(memory) {
  const places = Object.entries(read(memory).files).flatMap(([file, { source, mutants }]) => {
    if (readFileSync(join(root, file), 'utf8') !== source) throw new Error(`${file} has changed since the last run: leave --again out`)
    return mutants
      .filter(isOpen)
      .map(({ location: { start, end } }) => `${file}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`)
  })
  return [...new Set(places)]
}

/** @param {Mutant} mutant */
function isOpen({ status, statusReason }) {
  if (status === 'Killed') return /timed out/i.test(statusReason ?? '')
  return status === 'Survived' || status === 'NoCoverage' || status === 'Timeout'
}

/**
 * What that run has found, with what has become of the changes that were tried again; kept in its place.
 *
 * @param {string} memory
 * @param {readonly Mutant[]} again
 * @returns {Mutant[]}
 */
export function remembered(memory, again) {
  const report = read(memory)
  const statuses = new Map(again.map((mutant) => [keyOf(relative(root, mutant.fileName), mutant), mutant.status]))
  /** @type {Mutant[]} */
  const all = []
  for (const [file, { mutants }] of Object.entries(report.files)) {
    for (const mutant of mutants) {
      const status = statuses.get(keyOf(file, mutant))
      if (status !== undefined) Object.assign(mutant, { status })
      all.push({ ...mutant, fileName: join(root, file) })
    }
  }
  writeFileSync(memory, JSON.stringify(report))
  return all
}

/**
 * @param {string} memory
 * @returns {Report}
 */
function read(memory) {
  if (!existsSync(memory)) throw new Error('there was no such run yet: leave --again out')
  return JSON.parse(readFileSync(memory, 'utf8'))
}

/**
 * @param {string} file
 * @param {Mutant} mutant
 */
function keyOf(file, { location: { start, end }, replacement }) {
  return [file, start.line, start.column, end.line, end.column, replacement].join(':')
}
