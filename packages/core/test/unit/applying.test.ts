import { describe, expect, it } from 'vitest'
import { Applying } from '../../src/applying.js'
import { EntryBatch } from '../../src/index.js'
import { Log } from '../../src/log/log.js'

const hardState = { currentTerm: 1, votedFor: null }

/** One entry each. */
const entries = (from: number, to: number) =>
  EntryBatch.of(
    from,
    1,
    0,
    Array.from({ length: to - from + 1 }, (_, i) => Uint8Array.of(from + i)),
  )

/** A log of which the entries up to `stored` are in storage only, and those up to `last` in memory. */
function logOf(stored: number, last: number): Log {
  const log = new Log(
    { hardState, baseIndex: 0, baseTerm: 0, lastIndex: stored, runs: stored > 0 ? [{ firstIndex: 1, term: 1 }] : [] },
    1e6,
  )
  if (last > stored) log.append(entries(stored + 1, last))
  return log
}

const range = (batch: EntryBatch | null) => (batch === null ? null : [batch.firstIndex, batch.lastIndex])

describe('what the state machine gets', () => {
  it('is what is committed, in order, once, and one batch at a time', () => {
    const applying = new Applying(0)
    const log = logOf(0, 5)
    expect(applying.next(log, 0, 1e6)).toEqual({ entries: null, fetch: null })
    expect(range(applying.next(log, 3, 1e6).entries)).toEqual([1, 3])
    expect(applying.next(log, 5, 1e6)).toEqual({ entries: null, fetch: null })
    applying.applied(3)
    expect(applying.appliedIndex).toBe(3)
    expect(range(applying.next(log, 5, 1e6).entries)).toEqual([4, 5])
    applying.applied(5)
    expect(applying.next(log, 5, 1e6)).toEqual({ entries: null, fetch: null })
  })

  it('is no more than it may get at once', () => {
    expect(range(new Applying(0).next(logOf(0, 5), 5, 4).entries)).toEqual([1, 2])
  })

  it('is read from storage where it has left memory: up to memory, up to the limit, and once', () => {
    const applying = new Applying(1)
    expect(applying.next(logOf(4, 6), 6, 100)).toEqual({ entries: null, fetch: { from: 2, to: 4, maxBytes: 100 } })
    expect(applying.next(logOf(4, 6), 6, 100)).toEqual({ entries: null, fetch: null })
    expect(new Applying(1).next(logOf(4, 6), 3, 100).fetch).toEqual({ from: 2, to: 3, maxBytes: 100 })
    applying.fetched(entries(2, 4))
    expect(range(applying.next(logOf(4, 6), 6, 100).entries)).toEqual([2, 4])
  })

  it('is no more of what was read than is committed by then', () => {
    const applying = new Applying(1)
    applying.next(logOf(6, 6), 6, 100)
    applying.fetched(entries(2, 6))
    expect(range(applying.next(logOf(6, 6), 3, 100).entries)).toEqual([2, 3])
  })

  it('is read once more where the entries were replaced meanwhile, or others were read', () => {
    const applying = new Applying(1)
    const fetch = { from: 2, to: 4, maxBytes: 100 }
    applying.next(logOf(4, 4), 4, 100)
    applying.fetched(null)
    expect(applying.next(logOf(4, 4), 4, 100)).toEqual({ entries: null, fetch })
    applying.fetched(entries(3, 4))
    expect(applying.next(logOf(4, 4), 4, 100)).toEqual({ entries: null, fetch })
    applying.fetched(entries(2, 4))
    expect(range(applying.next(logOf(4, 4), 4, 100).entries)).toEqual([2, 4])
  })

  it('is the rest of what it was given when it took a part of it, without reading it again', () => {
    const applying = new Applying(0)
    applying.next(logOf(4, 4), 4, 100)
    applying.fetched(entries(1, 4))
    applying.next(logOf(4, 4), 4, 100)
    applying.applied(1)
    expect(applying.next(logOf(4, 4), 4, 100)).toMatchObject({ entries: { firstIndex: 2, lastIndex: 4 }, fetch: null })
    applying.applied(3)
    expect(applying.next(logOf(4, 4), 4, 100)).toMatchObject({ entries: { firstIndex: 4, lastIndex: 4 }, fetch: null })
    applying.applied(4)
    expect(applying.appliedIndex).toBe(4)
  })

  it('is only taken for applied where it was given', () => {
    const applying = new Applying(0)
    expect(() => applying.applied(1)).toThrow('applied up to 1, which was not handed out behind 0')
    applying.next(logOf(0, 5), 2, 100)
    expect(() => applying.applied(3)).toThrow('applied up to 3')
    applying.applied(2)
    expect(() => applying.applied(2)).toThrow('applied up to 2')
  })

  it('is the same for a copy', () => {
    const applying = new Applying(0)
    applying.next(logOf(4, 4), 4, 100)
    expect(applying.fork().next(logOf(4, 4), 4, 100)).toEqual({ entries: null, fetch: null })
    applying.fetched(entries(1, 4))
    expect(range(applying.fork().next(logOf(4, 4), 4, 100).entries)).toEqual([1, 4])
    applying.next(logOf(4, 4), 4, 100)
    const copy = applying.fork()
    expect(copy.next(logOf(4, 4), 4, 100)).toEqual({ entries: null, fetch: null })
    copy.applied(4)
    expect([copy.appliedIndex, applying.appliedIndex]).toEqual([4, 0])
  })
})
