import { describe, expect, it } from 'vitest'
import { EntryBatch } from '../../src/index.js'
import { Durability } from '../../src/log/durability.js'
import { Log } from '../../src/log/log.js'

const hardState = { currentTerm: 1, votedFor: 'a' }

/** With its length byte, what one entry of these takes. */
const ENTRY_BYTES = 4

function make(maxWriteBytes = 1e6) {
  const log = new Log({ hardState, baseIndex: 0, baseTerm: 0, lastIndex: 0, runs: [] }, 1e6)
  const durability = new Durability(0, maxWriteBytes)
  const append = (count: number, term = 1) =>
    log.append(EntryBatch.of(log.lastIndex + 1, term, 0, new Array(count).fill(new Uint8Array(ENTRY_BYTES - 1))))
  const truncate = (index: number) => {
    log.truncateFrom(index)
    durability.truncatedFrom(index)
  }
  const next = (now = 0) => durability.nextWrite(log, hardState, now)
  return { log, durability, append, truncate, next }
}

const indexes = (entries: readonly EntryBatch[] | undefined) => entries?.map(({ firstIndex, lastIndex }) => [firstIndex, lastIndex])

describe('writes', () => {
  it('are issued where there is something to write, one at a time', () => {
    const { log, durability, append, next } = make()
    expect(next()).toBeNull()
    append(2)
    const first = next(7)
    expect([first?.number, first?.hardState, indexes(first?.entries)]).toEqual([1, null, [[1, 2]]])
    expect([durability.writeInFlight, durability.issuedAt, durability.completed]).toEqual([true, 7, 0])
    append(1)
    expect(next()).toBeNull()
    durability.complete(log, 1)
    expect([durability.writeInFlight, durability.completed, log.durableIndex]).toEqual([false, 1, 2])
    const second = next(9)
    expect([second?.number, indexes(second?.entries), durability.issuedAt]).toEqual([2, [[3, 3]], 9])
    durability.complete(log, 2)
    expect([log.durableIndex, next()]).toEqual([3, null])
  })

  it('carry the hard state once for each change, with entries or without', () => {
    const { log, durability, append, next } = make()
    durability.hardStateChanged()
    expect([durability.hardStateWrite, durability.hardStateIsDurable]).toEqual([1, false])
    expect(next()).toEqual({ number: 1, hardState, entries: [] })
    expect(durability.hardStateIsDurable).toBe(false)
    durability.complete(log, 1)
    expect(durability.hardStateIsDurable).toBe(true)
    append(1)
    expect(next()?.hardState).toBeNull()
    durability.hardStateChanged()
    expect([durability.hardStateWrite, durability.hardStateIsDurable]).toEqual([3, false])
    durability.complete(log, 2)
    expect(next()).toEqual({ number: 3, hardState, entries: [] })
  })

  it('take as many entries as fit, and one whatever its size', () => {
    const { log, durability, append, next } = make(2 * ENTRY_BYTES)
    append(5)
    expect(durability.nextWriteEnd(log)).toBe(2)
    expect(indexes(next()?.entries)).toEqual([[1, 2]])
    expect(durability.nextWriteEnd(log)).toBe(4)
    durability.complete(log, 1)
    expect(log.durableIndex).toBe(2)
    expect(indexes(next()?.entries)).toEqual([[3, 4]])
    durability.complete(log, 2)
    expect(indexes(next()?.entries)).toEqual([[5, 5]])
    expect(durability.nextWriteEnd(log)).toBe(5)
    const small = make(1)
    small.append(2)
    expect(indexes(small.next()?.entries)).toEqual([[1, 1]])
  })

  it('that are done twice, or that were never issued, stop the member', () => {
    const { log, durability, append, next } = make()
    expect(() => durability.complete(log, 0)).toThrow('write 0 is done, but 0 was issued and 0 done')
    append(1)
    next()
    expect(() => durability.complete(log, 2)).toThrow('write 2 is done, but 1 was issued and 0 done')
    durability.complete(log, 1)
    expect(() => durability.complete(log, 1)).toThrow('write 1 is done, but 1 was issued and 1 done')
  })
})

describe('the write that a message waits for', () => {
  it('is none where the entries are durable, and else the one that takes the last of them', () => {
    const { log, durability, append, next } = make(2 * ENTRY_BYTES)
    append(5)
    expect([0, 1, 2, 3, 4, 5].map((index) => durability.entryWrite(log, index))).toEqual([0, 1, 1, 2, 2, 3])
    next()
    expect([1, 2, 3, 4, 5].map((index) => durability.entryWrite(log, index))).toEqual([1, 1, 2, 2, 3])
    durability.complete(log, 1)
    expect([1, 2, 3, 4, 5].map((index) => durability.entryWrite(log, index))).toEqual([0, 0, 2, 2, 3])
  })

  it('is a later one for what took the place of entries in flight', () => {
    const { log, durability, append, truncate, next } = make()
    append(3)
    next()
    truncate(2)
    append(2, 2)
    expect([1, 2, 3].map((index) => durability.entryWrite(log, index))).toEqual([1, 2, 2])
    durability.complete(log, 1)
    expect(log.durableIndex).toBe(1)
    expect(indexes(next()?.entries)).toEqual([[2, 3]])
    durability.complete(log, 2)
    expect(log.durableIndex).toBe(3)
  })

  it('stays the same where what was cut off had not been written', () => {
    const { log, durability, append, truncate, next } = make()
    append(2)
    next()
    append(3)
    truncate(4)
    durability.complete(log, 1)
    expect(log.durableIndex).toBe(2)
    expect(indexes(next()?.entries)).toEqual([[3, 3]])
  })
})
