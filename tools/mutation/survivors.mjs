// @ts-check
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { root } from '../house.mjs'
import { harmless } from './harmless.mjs'

/**
 * One change of the source.
 *
 * @typedef {Awaited<ReturnType<import('@stryker-mutator/core').Stryker['runMutationTest']>>[number]} Mutant
 *
 * One that no test notices.
 * @typedef {{ file: string, at: number, line: string, from: string, to: string }} Survivor
 *
 * @typedef {{ killed: number, survived: number, harmless: number }} Counts
 */

/**
 * Of these changes those that no test notices: with the ones that `harmless` explains, and without.
 *
 * @param {readonly Mutant[]} mutants
 * @returns {{ all: Survivor[], unexplained: Survivor[] }}
 */
export function survivorsOf(mutants) {
  const all = mutants.filter(isSurvivor).map(asSurvivor)
  return { all, unexplained: all.filter((survivor) => !isExplained(survivor)) }
}

/**
 * By file. What fails to run, and what runs for ever, is noticed.
 *
 * @param {readonly Mutant[]} mutants
 * @returns {Map<string, Counts>}
 */
export function countsOf(mutants) {
  /** @type {Map<string, Counts>} */
  const counts = new Map()
  for (const mutant of mutants) {
    const survived = isSurvivor(mutant)
    if (!survived && mutant.status !== 'Killed' && mutant.status !== 'Timeout') continue
    const file = pathOf(mutant)
    const one = counts.get(file) ?? { killed: 0, survived: 0, harmless: 0 }
    counts.set(file, one)
    one[survived ? 'survived' : 'killed'] += 1
    if (survived && isExplained(asSurvivor(mutant))) one.harmless += 1
  }
  return new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** @param {readonly Mutant[]} mutants */
export function summaryOf(mutants) {
  const lines = [...countsOf(mutants)].map(([file, { killed, survived, harmless }]) => {
    const score = ((100 * killed) / (killed + survived)).toFixed(1)
    return `${score.padStart(5)} %  ${file}: ${killed} of ${killed + survived} noticed, ${survived} not, ${harmless} of these harmless`
  })
  return lines.join('\n')
}

/** @param {Survivor} survivor */
export function textOf({ file, at, line, from, to }) {
  return `${file}:${at}\n    ${line}\n  - ${from}\n  + ${to}`
}

/** @param {Mutant} mutant */
function isSurvivor({ status }) {
  return status === 'Survived' || status === 'NoCoverage'
}

/** @param {Survivor} survivor */
function isExplained({ file, line, from, to }) {
  return harmless.some(
    (one) => one.file === file && line.startsWith(one.line) && one.changes.some(([before, after]) => before === from && after === to),
  )
}

/** @param {Mutant} mutant */
function pathOf({ fileName }) {
  return relative(root, fileName)
}

/**
 * @param {Mutant} mutant
 * @returns {Survivor}
 */
function asSurvivor(mutant) {
  const file = pathOf(mutant)
  const lines = readFileSync(join(root, file), 'utf8').split('\n')
  const { start, end } = zeroBased(mutant.location)
  const rest = lines.slice(start.line + 1, end.line + 1)
  const text = [lines[start.line]?.slice(start.column) ?? '', ...rest].join('\n')
  const tail = (lines[end.line]?.length ?? 0) - end.column
  return {
    file,
    at: start.line + 1,
    line: (lines[start.line] ?? '').trim(),
    from: short(text.slice(0, text.length - tail)),
    to: short(mutant.replacement ?? ''),
  }
}

/**
 * Lines and columns as they count in an array. StrykerJS counts both from 1 in what it reports.
 *
 * @param {Mutant['location']} location
 */
function zeroBased({ start, end }) {
  return {
    start: { line: start.line - 1, column: start.column - 1 },
    end: { line: end.line - 1, column: end.column - 1 },
  }
}

/** @param {string} code */
function short(code) {
  const joined = code.replaceAll(/\s+/g, ' ')
  return joined.length > 120 ? `${joined.slice(0, 120)}…` : joined
}
