import { readFileSync } from 'node:fs'
import { explore } from '@raft/simulator'
import { describe, expect, it } from 'vitest'
import { scopeNamed, scopes } from '../../src/explore/scopes.js'

describe('the scopes that are explored whole', () => {
  it('are in the document, with as many states', () => {
    const text = readFileSync(new URL('../../../../docs/simulation.md', import.meta.url), 'utf8')
    for (const { name, description, states } of scopes)
      expect(text).toContain(`| ${name} | ${description} | ${states.toLocaleString('en')} |`)
    const total = scopes.reduce((sum, { states }) => sum + states, 0)
    expect(text).toContain(`${total.toLocaleString('en')} states with three members`)
  })

  it('hold no broken promise: the smallest of them, the others by `pnpm explore`', { timeout: 60_000 }, () => {
    const { scope, states } = scopeNamed('duplicates')
    expect(explore(scope)).toMatchObject({ states, isExhausted: true, counterexample: null })
  })

  it('have names', () => {
    expect(() => scopeNamed('nonsense')).toThrow('expected elections, two leaders')
  })
})
