import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AssertionError, EntryBatch, type TermRun } from '../../src/index.js'
import { Log } from '../../src/log/log.js'

const hardState = { currentTerm: 0, votedFor: null }
const MAX_WINDOW = 60

interface Naive {
  term: number
  text: string
}

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (payload: Uint8Array) => new TextDecoder().decode(payload)

type Step =
  | readonly ['append', number, number]
  | readonly ['truncate', number]
  | readonly ['durable', number]
  | readonly ['entries', number, number, number]
  | readonly ['compare', number, number]

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.constant('append' as const), fc.nat({ max: 2 }), fc.integer({ min: 1, max: 5 })),
  fc.tuple(fc.constant('truncate' as const), fc.nat()),
  fc.tuple(fc.constant('durable' as const), fc.nat()),
  fc.tuple(fc.constant('entries' as const), fc.nat(), fc.nat(), fc.nat({ max: 100 })),
  fc.tuple(fc.constant('compare' as const), fc.nat(), fc.nat()),
)

function runsOf(list: readonly Naive[], baseIndex: number): TermRun[] {
  const runs: TermRun[] = []
  list.forEach(({ term }, i) => {
    if (runs.at(-1)?.term !== term) runs.push({ firstIndex: baseIndex + 1 + i, term })
  })
  return runs
}

describe.each([0, 7, 2 ** 31 - 2, 2 ** 32 - 2, 2 ** 52])('a log that begins behind index %i', (baseIndex) => {
  const baseTerm = baseIndex === 0 ? 0 : 3

  it('does what a plain list of entries does', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(3, 4, 5), { maxLength: 10 }), fc.array(step, { maxLength: 60 }), (storedTerms, steps) => {
        const list: Naive[] = storedTerms.toSorted().map((term, i) => ({ term, text: `${i}` }))
        const stored = { hardState, baseIndex, baseTerm, lastIndex: baseIndex + list.length, runs: runsOf(list, baseIndex) }
        let log = new Log(stored, MAX_WINDOW)
        let durable = log.lastIndex
        const last = () => baseIndex + list.length
        const check = () => {
          expect([log.lastIndex, log.durableIndex, log.lastTerm]).toEqual([last(), durable, list.at(-1)?.term ?? baseTerm])
          expect(log.runs).toEqual(runsOf(list, baseIndex))
          expect(log.windowFirst).toBeLessThanOrEqual(last() + 1)
          expect(log.windowBytes).toBe(log.window.reduce((sum, batch) => sum + batch.byteLength, 0))
          for (let i = 0; i < list.length; i++) expect(log.term(baseIndex + 1 + i)).toBe(list[i]?.term)
          // Everything that is not durable is in memory.
          expect(log.windowFirst).toBeLessThanOrEqual(durable + 1)
        }
        for (const [kind, a, b, c] of steps as (readonly [string, number, number, number])[]) {
          if (kind === 'append') {
            const term = Math.max(list.at(-1)?.term ?? baseTerm, 1) + a
            const texts = Array.from({ length: b }, (_, i) => `entry ${list.length + i} of ${term}`.slice(0, 4 + i))
            log.append(EntryBatch.of(last() + 1, term, 0, texts.map(bytes)))
            for (const one of texts) list.push({ term, text: one })
          } else if (kind === 'truncate' && list.length > 0) {
            const keep = a % list.length
            log.truncateFrom(baseIndex + 1 + keep)
            list.length = keep
            durable = Math.min(durable, last())
          } else if (kind === 'durable') {
            const upTo = baseIndex + (a % (list.length + 1))
            log.madeDurable(upTo)
            durable = Math.max(durable, upTo)
            // Only the batch that a write has not reached may exceed the window.
            const first = log.window[0]
            expect(log.windowBytes <= MAX_WINDOW || (first !== undefined && first.lastIndex > durable)).toBe(true)
          } else if (kind === 'entries' && list.length > 0) {
            const from = baseIndex + 1 + (a % list.length)
            const to = Math.min(from + b, last())
            const batch = log.entries(from, to, c)
            if (from < log.windowFirst) expect(batch).toBeNull()
            else {
              const got = batch as EntryBatch
              expect([got.firstIndex, got.count > 0, got.lastIndex <= to]).toEqual([from, true, true])
              expect(got.count === 1 || got.byteLength <= c).toBe(true)
              for (let i = from; i <= got.lastIndex; i++) {
                const naive = list[i - baseIndex - 1] as Naive
                expect([got.term(i), text(got.payload(i))]).toEqual([naive.term, naive.text])
              }
              const next = got.lastIndex < to ? 1 + bytes(list[got.lastIndex - baseIndex]?.text ?? '').length : Number.POSITIVE_INFINITY
              expect(got.byteLength + next).toBeGreaterThan(c)
            }
          } else if (kind === 'compare') {
            const term = a % 12
            const upTo = baseIndex + (b % (list.length + 3))
            let expected = Math.min(upTo, last())
            while (expected > baseIndex && (list[expected - baseIndex - 1]?.term ?? 0) > term) expected -= 1
            expect(log.lastIndexWithTermAtMost(term, upTo)).toBe(expected)
            const index = baseIndex + 1 + (b % (list.length + 1))
            const other = EntryBatch.of(index, Math.max(1, term), 0, [bytes('x'), bytes('y'), bytes('z')])
            const differs = [index, index + 1, index + 2].find((i) => list[i - baseIndex - 1]?.term !== Math.max(1, term))
            expect(log.firstDifference(other)).toBe(differs ?? null)
            expect(log.matches(index, term)).toBe(list[index - baseIndex - 1]?.term === term)
          }
          check()
          if (a % 7 === 0) log = log.fork()
        }
      }),
      { numRuns: 150 },
    )
  })

  it('says what is out of its range, with the values', () => {
    const log = new Log({ hardState, baseIndex, baseTerm, lastIndex: baseIndex, runs: [] }, MAX_WINDOW)
    expect(() => log.term(baseIndex + 1)).toThrow(AssertionError)
    expect(() => log.truncateFrom(baseIndex)).toThrow(AssertionError)
    expect(() => log.append(EntryBatch.of(baseIndex + 2, 9, 0, [bytes('x')]))).toThrow(AssertionError)
    expect(() => log.madeDurable(baseIndex + 1)).toThrow(AssertionError)
    log.append(EntryBatch.of(baseIndex + 1, 9, 0, [bytes('x')]))
    expect(() => log.append(EntryBatch.of(baseIndex + 2, 8, 0, [bytes('x')]))).toThrow(/term 8 at index \d+ behind term 9/)
  })
})
