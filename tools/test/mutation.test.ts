import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '../house.mjs'
import { DOCUMENT, documentOf } from '../mutation/document.mjs'
import { harmless } from '../mutation/harmless.mjs'
import { readScores } from '../mutation/scores.mjs'
import { suites } from '../mutation/suites.mjs'
import { countsOf, type Mutant, survivorsOf } from '../mutation/survivors.mjs'

const FILE = 'packages/core/src/terms.ts'

/** The change of this piece of the file to `replacement`, as StrykerJS reports it: it counts lines and columns from 1. */
function mutant(piece: string, replacement: string, status: string): Mutant {
  const text = readFileSync(join(root, FILE), 'utf8')
  const placeOf = (at: number) => {
    const lines = text.slice(0, at).split('\n')
    return { line: lines.length, column: (lines.at(-1) as string).length + 1 }
  }
  const at = text.indexOf(piece)
  expect(at).toBeGreaterThan(0)
  const location = { start: placeOf(at), end: placeOf(at + piece.length) }
  return { fileName: join(root, FILE), location, replacement, status } as Mutant
}

const without = (text: string) => text.replaceAll(/\s+/g, ' ')

describe('mutation testing', () => {
  it.each(harmless)('$file has the harmless change of: $line', ({ file, line, changes, why }) => {
    const lines = readFileSync(join(root, file), 'utf8').split('\n')
    const places = lines.flatMap((text, i) => (text.trim().startsWith(line) ? [i] : []))
    expect(places, 'the line is gone: look whether what took its place is noticed').not.toEqual([])
    for (const [from, to] of changes) {
      const start = without(from).replace(/…$/, '')
      expect(places.some((i) => without(lines.slice(i).join('\n')).includes(start))).toBe(true)
      expect(to).not.toBe(from)
    }
    expect(why).toMatch(/^[a-z].*[^.]$/)
  })

  it('is of files that exist', () => {
    const named = Object.values(suites).flatMap(({ mutate }) => mutate.filter((path) => !path.includes('*')))
    const counted = Object.values(readScores()).flatMap((files) => Object.keys(files))
    expect([...named, ...counted].filter((path) => !existsSync(join(root, path)))).toEqual([])
  })

  it('is described as `pnpm mutate … --record` writes it', () => {
    expect(readFileSync(DOCUMENT, 'utf8')).toBe(documentOf())
  })

  it('tells what was changed, and in which line, also over several lines', () => {
    const text = readFileSync(join(root, FILE), 'utf8')
    const lines = text.split('\n')
    const at = lines.findIndex((line) => line.trim().startsWith('export ')) + 1
    const line = lines[at - 1] as string
    const two = `${line}\n${lines[at]}`
    const { all } = survivorsOf([mutant(line, 'x', 'Survived'), mutant(two, 'y', 'NoCoverage'), mutant(line, 'z', 'Killed')])
    expect(all).toEqual([
      { file: FILE, at, line, from: line, to: 'x' },
      { file: FILE, at, line, from: without(two), to: 'y' },
    ])
  })

  it('counts as noticed what a test notices and what no longer ends, and leaves out what cannot run', () => {
    const all = ['Killed', 'Timeout', 'Survived', 'NoCoverage', 'Ignored', 'CompileError'].map((status) => mutant('export', 'x', status))
    expect([...countsOf(all)]).toEqual([[FILE, { killed: 2, survived: 2, harmless: 0 }]])
  })
})
