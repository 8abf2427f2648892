import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { DOCUMENT, LEDGER, readLedger } from '../src/ledger/files.js'
import { type LedgerRow, nextSeed, withLedger } from '../src/ledger/ledger.js'

const row = (given: Partial<LedgerRow>): LedgerRow => ({
  date: '2026-12-01',
  commit: 'abcdef0',
  stack: 'core',
  from: 10_000_000,
  to: 10_000_099,
  events: 1_234_567,
  clusters: 100,
  hours: 0.5,
  violations: [],
  ...given,
})

describe('the ledger of long runs', () => {
  it('is in the document as it is in its file', async () => {
    const document = await readFile(DOCUMENT, 'utf8')
    expect(withLedger(document, await readLedger(LEDGER))).toBe(document)
  })

  it('goes on behind the last seed that was run on the same stack', () => {
    expect(nextSeed([], 'core')).toBe(10_000_000)
    expect(nextSeed([row({}), row({ to: 10_000_499 }), row({ to: 10_000_200 })], 'core')).toBe(10_000_500)
    expect(nextSeed([row({}), row({ stack: 'storage', to: 20_000_000 }), row({ to: null })], 'core')).toBe(10_000_100)
    expect(nextSeed([row({ to: 5000 })], 'core')).toBe(10_000_000)
  })

  it('adds up events, clusters, hours and broken promises, and shows what is not known as empty', () => {
    const rows = [row({}), row({ commit: null, to: null, clusters: null, hours: null, violations: [7, 9], shape: 'quiet' })]
    const table = withLedger('before <!-- ledger -->old<!-- end of ledger --> behind', rows)
    expect(table).toMatch(/^before <!-- ledger -->\n\n\| date /)
    expect(table).toContain('| 2026-12-01 | abcdef0 | core | 10000000 to 10000099 | 1,234,567 | 100 | 0.50 | none |')
    expect(table).toContain('| 2026-12-01 |  | core | 10000000 on, quiet | 1,234,567 |  |  | seed 7, 9 |')
    expect(table).toContain('| **all** | | | | **2,469,134** | **100** | **0.50** | **2** |')
    expect(table).toMatch(/\n\n<!-- end of ledger --> behind$/)
  })

  it('refuses a document that has no place for it', () => {
    expect(() => withLedger('nothing', [])).toThrow('<!-- ledger -->')
  })
})
