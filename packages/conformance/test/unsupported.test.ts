import { ConfigurationError } from '@raft/core'
import { expect, test } from 'vitest'
import { logStorageSuite } from '../src/index.js'
import { outcomes } from './support/collect.js'
import { memoryPlace } from './support/memory-place.js'

const make = () => memoryPlace()

test('what is unsupported is shown as skipped, under a name that says so', async () => {
  const all = await outcomes((declare) => logStorageSuite({ test: declare, make, unsupported: ['base', 'crash'], seeds: 1 }))
  const skipped = [...all].filter(([, outcome]) => outcome === 'skipped').map(([name]) => name)
  expect(skipped.filter((name) => name.endsWith('[unsupported: base]'))).toHaveLength(3)
  expect(skipped.filter((name) => name.endsWith('[unsupported: crash]'))).toHaveLength(2)
  expect(skipped).toHaveLength(5)
})

test('without skip, the names still say what is unsupported', () => {
  const names: string[] = []
  logStorageSuite({ test: (name) => names.push(name), make, unsupported: ['exclusion'] })
  expect(names.filter((name) => name.includes('[unsupported: exclusion]'))).toHaveLength(1)
})

test('a place that cannot crash must say so', async () => {
  const all = await outcomes((declare) =>
    logStorageSuite({ test: declare, make: () => ({ storage: make().storage }), unsupported: ['base'], seeds: 1 }),
  )
  expect(String(all.get('what done has confirmed is there after a crash in that very moment'))).toContain("declare 'crash' unsupported")
})

test('an unknown feature is refused', () => {
  const unsupported = ['durability'] as unknown as ['crash']
  expect(() => logStorageSuite({ test: () => {}, make, unsupported })).toThrow(ConfigurationError)
})
