import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '../house.mjs'
import { DOCUMENT, documentOf } from '../mutation/document.mjs'
import { harmless } from '../mutation/harmless.mjs'
import { readScores } from '../mutation/scores.mjs'
import { suites } from '../mutation/suites.mjs'

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
})
