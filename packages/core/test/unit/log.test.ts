import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AssertionError, EntryBatch, type TermRun } from '../../src/index.js'
import { Log } from '../../src/log/log.js'
import { bytesOf, textOf } from '../support/disk.js'

const hardState = { currentTerm: 0, votedFor: null }
const MAX_WINDOW = 60

interface Naive {
  readonly term: number
  readonly text: string
}

/** A log, and the plain list that it must agree with. */
class Pair {
  log: Log
  readonly list: Naive[]
  readonly base: number
  readonly baseTerm: number
  durable: number

  constructor(base: number, baseTerm: number, terms: readonly number[]) {
    this.base = base
    this.baseTerm = baseTerm
    this.list = terms.map((term, i) => ({ term, text: `${i}` }))
    this.durable = this.last
    this.log = new Log({ hardState, baseIndex: base, baseTerm, lastIndex: this.last, runs: this.runs }, MAX_WINDOW)
  }

  get last(): number {
    return this.base + this.list.length
  }

  get runs(): TermRun[] {
    const runs: TermRun[] = []
    this.list.forEach(({ term }, i) => {
      if (runs.at(-1)?.term !== term) runs.push({ firstIndex: this.base + 1 + i, term })
    })
    return runs
  }

  at(index: number): Naive | undefined {
    return this.list[index - this.base - 1]
  }

  append(a: number, b: number): void {
    const term = Math.max(this.list.at(-1)?.term ?? this.baseTerm, 1) + (a % 3)
    const texts = Array.from({ length: 1 + (b % 5) }, (_, i) => `entry ${this.list.length + i} of ${term}`.slice(0, 4 + i))
    this.log.append(EntryBatch.of(this.last + 1, term, 0, texts.map(bytesOf)))
    for (const text of texts) this.list.push({ term, text })
  }

  truncate(a: number): void {
    if (this.list.length === 0) return
    const keep = a % this.list.length
    this.log.truncateFrom(this.base + 1 + keep)
    this.list.length = keep
    this.durable = Math.min(this.durable, this.last)
  }

  makeDurable(a: number): void {
    const upTo = this.base + (a % (this.list.length + 1))
    this.log.madeDurable(upTo)
    this.durable = Math.max(this.durable, upTo)
    const first = this.log.window[0]
    // Only what is not durable may exceed the window.
    expect(this.log.windowBytes <= MAX_WINDOW || (first !== undefined && first.lastIndex > this.durable)).toBe(true)
  }

  release(a: number): void {
    const index = this.base + 1 + (a % (this.list.length + 1))
    const neededFirst = Math.max(index, this.log.windowFirst)
    this.log.release(index)
    const first = this.log.window[0]
    // Only what is needed, or not durable, may exceed the spare share.
    const spare = MAX_WINDOW / 16
    expect(this.log.windowBytes <= spare || (first !== undefined && first.lastIndex > Math.min(index - 1, this.durable))).toBe(true)
    expect(this.log.windowFirst).toBeLessThanOrEqual(neededFirst)
  }

  readEntries(a: number, b: number): void {
    if (this.list.length === 0) return
    const from = this.base + 1 + (a % this.list.length)
    const to = Math.min(from + (b % 20), this.last)
    const maxBytes = (a + b) % 100
    const batch = this.log.entries(from, to, maxBytes)
    expect(batch === null).toBe(from < this.log.windowFirst)
    if (batch === null) return
    expect([batch.firstIndex, batch.count > 0, batch.lastIndex <= to]).toEqual([from, true, true])
    expect(batch.count === 1 || batch.byteLength <= maxBytes).toBe(true)
    for (let i = from; i <= batch.lastIndex; i++) expect({ term: batch.term(i), text: textOf(batch.payload(i)) }).toEqual(this.at(i))
    if (batch.lastIndex < to) expect(batch.byteLength + 1 + (this.at(batch.lastIndex + 1)?.text.length ?? 0)).toBeGreaterThan(maxBytes)
  }

  cutForWrite(a: number, b: number): void {
    const first = this.log.windowFirst
    if (first > this.last) return
    const from = first + (a % (this.last - first + 1))
    const maxBytes = b % 60
    const to = this.log.lastWithin(from, maxBytes)
    const sizes = this.list.slice(from - this.base - 1).map(({ text }) => text.length + 1)
    let [count, bytes] = [1, sizes[0] ?? 0]
    while (count < sizes.length && bytes + (sizes[count] ?? 0) <= maxBytes) bytes += sizes[count++] ?? 0
    expect(to).toBe(from + count - 1)
    const parts = this.log.unwritten(from, to)
    expect(parts.flatMap((part) => Array.from({ length: part.count }, (_, i) => textOf(part.payload(part.firstIndex + i))))).toEqual(
      this.list.slice(from - this.base - 1, to - this.base).map(({ text }) => text),
    )
  }

  compare(a: number, b: number): void {
    const term = a % 12
    const upTo = this.base + (b % (this.list.length + 3))
    let agrees = Math.min(upTo, this.last)
    while (agrees > this.base && (this.at(agrees)?.term ?? 0) > term) agrees -= 1
    expect(this.log.lastIndexWithTermAtMost(term, upTo)).toBe(agrees)
    const index = this.base + 1 + (b % (this.list.length + 1))
    const other = EntryBatch.of(index, Math.max(1, term), 0, ['x', 'y', 'z'].map(bytesOf))
    const differs = [index, index + 1, index + 2].find((i) => this.at(i)?.term !== Math.max(1, term))
    expect(this.log.firstDifference(other)).toBe(differs ?? null)
    expect(this.log.matches(index, term)).toBe(this.at(index)?.term === term)
  }

  fork(): void {
    this.log = this.log.fork()
  }

  check(): void {
    const { log } = this
    expect([log.lastIndex, log.durableIndex, log.lastTerm]).toEqual([this.last, this.durable, this.list.at(-1)?.term ?? this.baseTerm])
    expect(log.runs).toEqual(this.runs)
    expect(log.windowBytes).toBe(log.window.reduce((sum, batch) => sum + batch.byteLength, 0))
    this.list.forEach(({ term }, i) => {
      expect(log.term(this.base + 1 + i)).toBe(term)
    })
    // Everything that is not durable is in memory.
    expect(log.windowFirst).toBeLessThanOrEqual(this.durable + 1)
  }
}

const step = fc.tuple(
  fc.constantFrom('append', 'truncate', 'makeDurable', 'release', 'readEntries', 'cutForWrite', 'compare', 'fork'),
  fc.nat(),
  fc.nat(),
)

describe.each([0, 7, 2 ** 31 - 2, 2 ** 32 - 2, 2 ** 52])('a log that begins behind index %i', (base) => {
  const baseTerm = base === 0 ? 0 : 3

  it('does what a plain list of entries does', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(3, 4, 5), { maxLength: 10 }), fc.array(step, { maxLength: 60 }), (terms, steps) => {
        const pair = new Pair(base, baseTerm, terms.toSorted())
        for (const [kind, a, b] of steps) {
          pair[kind as 'append'](a, b)
          pair.check()
        }
      }),
      { numRuns: 150 },
    )
  })

  it('says what is out of its range, with the values', () => {
    const log = new Log({ hardState, baseIndex: base, baseTerm, lastIndex: base, runs: [] }, MAX_WINDOW)
    expect(() => log.term(base + 1)).toThrow(AssertionError)
    expect(() => log.truncateFrom(base)).toThrow(AssertionError)
    expect(() => log.append(EntryBatch.of(base + 2, 9, 0, [bytesOf('x')]))).toThrow(AssertionError)
    expect(() => log.madeDurable(base + 1)).toThrow(AssertionError)
    log.append(EntryBatch.of(base + 1, 9, 0, [bytesOf('x')]))
    expect(() => log.append(EntryBatch.of(base + 2, 8, 0, [bytesOf('x')]))).toThrow(/term 8 at index \d+ behind term 9/)
    for (const index of [base - 1, base + 2]) expect(() => log.term(index)).toThrow(`term of ${index} in a log of ${base} to ${base + 1}`)
    expect(() => log.truncateFrom(base + 2)).toThrow(`truncation from ${base + 2} of a log of ${base} to ${base + 1}`)
    expect([log.matches(base - 1, baseTerm), log.matches(base, baseTerm), log.matches(base + 2, 9)]).toEqual([false, true, false])
  })

  it('is left as it was by a batch without entries', () => {
    const log = new Log({ hardState, baseIndex: base, baseTerm, lastIndex: base, runs: [] }, MAX_WINDOW)
    log.append(EntryBatch.empty(base + 1))
    expect([log.lastIndex, log.window]).toEqual([base, []])
  })
})

describe('a batch that begins before the log does', () => {
  const log = new Log({ hardState, baseIndex: 7, baseTerm: 3, lastIndex: 8, runs: [{ firstIndex: 8, term: 4 }] }, MAX_WINDOW)
  const batchOf = (firstIndex: number, terms: readonly number[]) =>
    EntryBatch.concat(terms.map((term, i) => EntryBatch.of(firstIndex + i, term, 0, [bytesOf('x')])))

  it('is compared from the first entry of the log on', () => {
    expect(log.firstDifference(batchOf(6, [2, 3, 4]))).toBe(null)
    expect(log.firstDifference(batchOf(6, [2, 3, 5]))).toBe(8)
    expect(log.firstDifference(batchOf(6, [2, 3, 4, 4]))).toBe(9)
    expect(log.firstDifference(batchOf(5, [1, 2]))).toBe(null)
  })
})

/** One batch of each length. */
function filled(lengths: readonly number[], maxWindowBytes = 1e9): Log {
  const log = new Log({ hardState, baseIndex: 0, baseTerm: 0, lastIndex: 0, runs: [] }, maxWindowBytes)
  lengths.forEach((length, i) => {
    log.append(EntryBatch.of(i + 1, 1, 0, [new Uint8Array(length)]))
  })
  return log
}

describe('entries that nobody needs', () => {
  it('leave memory but for a megabyte, however large the window is', () => {
    const log = filled([500_000, 500_000, 500_000, 500_000])
    log.madeDurable(4)
    expect(log.windowFirst).toBe(1)
    log.release(2)
    expect(log.windowFirst).toBe(2)
    log.release(5)
    expect(log.windowFirst).toBe(3)
  })

  it('stay in memory while the window is exactly full, and leave it at one byte more', () => {
    const full = filled([9, 19], 30)
    full.madeDurable(2)
    expect([full.windowBytes, full.windowFirst]).toEqual([30, 1])
    const over = filled([9, 20], 30)
    over.madeDurable(2)
    expect([over.windowBytes, over.windowFirst]).toEqual([21, 2])
  })

  it('can be neither measured nor written once they have left memory', () => {
    const log = filled([9, 20], 30)
    log.madeDurable(2)
    expect(() => log.lastWithin(1, 100)).toThrow('the entry at 1 is to be written, but memory begins at 2')
    expect(() => log.unwritten(1, 2)).toThrow(AssertionError)
    expect(log.lastWithin(2, 100)).toBe(2)
  })
})

describe('entries for a write', () => {
  it('are as many as hold its bytes together, to the byte, over batches', () => {
    const log = filled([10, 20, 30])
    expect([10, 31, 32, 62, 63].map((maxBytes) => log.lastWithin(1, maxBytes))).toEqual([1, 1, 2, 2, 3])
  })
})

describe('the hash of the entries in memory', () => {
  const texts = ['one', 'two', 'three']
  const cutAs = (...cuts: readonly (readonly string[])[]) => {
    const log = filled([])
    for (const cut of cuts) log.append(EntryBatch.of(log.lastIndex + 1, 1, 0, cut.map(bytesOf)))
    return log.contentHash()
  }

  it('is the same however the entries are cut into batches, and another for other entries', () => {
    expect(cutAs(texts)).toBe(cutAs(['one'], ['two', 'three']))
    for (const others of [['one', 'two'], ['one', 'two', 'thref'], ['onet', 'wo', 'three'], []])
      expect(cutAs(others)).not.toBe(cutAs(texts))
  })
})

describe('entries for a message or the state machine', () => {
  it('are joined where batches are small', () => {
    const entries = filled([10, 20, 30]).entries(1, 3, 1e6)
    expect([entries?.firstIndex, entries?.count]).toEqual([1, 3])
  })

  it('are given as they lie in memory where a batch is large', () => {
    const log = filled([10, 40_000, 50_000, 10])
    expect(log.entries(1, 4, 1e6)?.count).toBe(1)
    expect(log.entries(2, 4, 1e6)?.bytes).toBe(log.window[1]?.bytes)
    expect(log.entries(2, 4, 1e6)?.count).toBe(1)
    expect(log.entries(3, 4, 1e6)?.bytes).toBe(log.window[2]?.bytes)
    expect(log.entries(3, 4, 1e6)?.count).toBe(1)
  })

  it('are as large as a message may be, to the byte', () => {
    const log = filled([10, 20, 30])
    expect([31, 32, 62, 63].map((maxBytes) => log.entries(1, 3, maxBytes)?.count)).toEqual([1, 2, 2, 3])
  })

  it('are as many of the next batch as there is room for', () => {
    const log = filled([10])
    log.append(EntryBatch.of(2, 1, 0, [new Uint8Array(10), new Uint8Array(10)]))
    expect([21, 22, 32, 33].map((maxBytes) => log.entries(1, 3, maxBytes)?.count)).toEqual([1, 2, 2, 3])
  })

  it('are one where not even that fits', () => {
    const log = filled([10, 20])
    expect([0, -5].map((maxBytes) => log.entries(1, 2, maxBytes)?.count)).toEqual([1, 1])
  })

  it('end before the first that does not fit, though a smaller one follows it', () => {
    const log = filled([])
    log.append(EntryBatch.of(1, 1, 0, [new Uint8Array(10), new Uint8Array(100)]))
    log.append(EntryBatch.of(3, 1, 0, [new Uint8Array(1)]))
    expect(log.entries(1, 3, 30)?.lastIndex).toBe(1)
  })

  it('of one batch are not copied, also where others follow', () => {
    const log = filled([10, 20])
    expect(log.entries(1, 1, 1e6)?.bytes).toBe(log.window[0]?.bytes)
  })

  it('count as a large batch from 16 KiB on', () => {
    const kind = 1
    const joinedWith = (bytes: number) => filled([bytes - kind, 10]).entries(1, 2, 1e6)?.count
    expect([16 * 1024 - 1, 16 * 1024].map(joinedWith)).toEqual([2, 1])
  })
})
