import { describe, expect, it } from 'vitest'
import { AssertionError, EntryBatch, EntryKind, FormatError, Reader, Writer } from '../../src/index.js'

const payload = (length: number, value = 7) => new Uint8Array(length).fill(value)
const batch = EntryBatch.concat([
  EntryBatch.of(5, 2, EntryKind.Command, [payload(3), payload(0), payload(9)]),
  EntryBatch.of(8, 2, EntryKind.NoOp, [payload(0)]),
  EntryBatch.of(9, 4, EntryKind.Command, [payload(1)]),
])

function encoded(one: EntryBatch): Uint8Array {
  const writer = new Writer(new Uint8Array(one.encodedLength))
  one.encode(writer)
  return writer.bytes
}

describe('EntryBatch', () => {
  it('copies payloads once, when it is made', () => {
    const bytes = payload(3)
    const one = EntryBatch.of(1, 1, EntryKind.Command, [bytes])
    bytes.fill(0)
    expect([...one.payload(1)]).toEqual([7, 7, 7])
  })

  it('joins runs of the same term', () => {
    expect(batch.runs).toEqual([
      { firstIndex: 5, term: 2 },
      { firstIndex: 9, term: 4 },
    ])
    expect([5, 6, 7, 8, 9].map((i) => [batch.term(i), batch.kind(i), batch.payload(i).length])).toEqual([
      [2, 0, 3],
      [2, 0, 0],
      [2, 0, 9],
      [2, 1, 0],
      [4, 0, 1],
    ])
  })

  it('is encoded from its parts as it would be from the whole', () => {
    const empty = EntryBatch.empty(7)
    for (const parts of [
      [batch.slice(5, 6), batch.slice(7, 9)],
      [batch.slice(5, 5), batch.slice(6, 6), empty, batch.slice(7, 8), batch.slice(9, 9)],
      [batch.slice(5, 8), batch.slice(9, 9)],
    ]) {
      const writer = new Writer(new Uint8Array(EntryBatch.joinedLength(parts)))
      EntryBatch.encodeJoined(parts, writer)
      expect(writer.position).toBe(batch.encodedLength)
      expect(writer.bytes).toEqual(encoded(batch))
    }
    expect(() => EntryBatch.encodeJoined([batch, batch], new Writer(payload(999)))).toThrow(AssertionError)
  })

  it('slices without copying', () => {
    const part = batch.slice(7, 8)
    expect(part.bytes).toBe(batch.bytes)
    expect([part.firstIndex, part.lastIndex, part.byteLength, part.runs]).toEqual([7, 8, 11, [{ firstIndex: 7, term: 2 }]])
    expect(batch.slice(5, 9)).toBe(batch)
    expect(batch.slice(6, 5).count).toBe(0)
  })

  it('says how far a number of bytes goes, and lets one entry pass whatever its size', () => {
    expect([0, 4, 5, 14, 15, 16, 17, 18, 99].map((bytes) => batch.lastWithin(5, bytes))).toEqual([5, 5, 6, 6, 7, 8, 8, 9, 9])
    expect(batch.lastWithin(7, 0)).toBe(7)
  })

  it('refuses indexes that it does not hold, with the values', () => {
    expect(() => batch.payload(10)).toThrow(/entry 10 of a batch that holds 5 to 9/)
    expect(() => batch.slice(4, 6)).toThrow(AssertionError)
    expect(() => EntryBatch.concat([batch, batch])).toThrow(AssertionError)
  })

  it.each([
    ['a kind that only a later version knows', (bytes: Uint8Array) => bytes.set([2], bytes.length - 2)],
    ['the last kind there can be', (bytes: Uint8Array) => bytes.set([255], bytes.length - 2)],
    ['terms that do not rise', (bytes: Uint8Array) => bytes.set([2], 20 + 12)],
    ['term 0', (bytes: Uint8Array) => bytes.set([0], 20)],
    ['a run of no entries', (bytes: Uint8Array) => bytes.set([0], 20 + 8)],
    ['an entry of no bytes', (bytes: Uint8Array) => bytes.set([0], 20 + 24)],
    ['index 0', (bytes: Uint8Array) => bytes.set([0], 0)],
    ['another number of entries', (bytes: Uint8Array) => bytes.set([4], 8)],
    ['another number of bytes', (bytes: Uint8Array) => bytes.set([17], 16)],
  ])('refuses %s', (_, damage) => {
    const bytes = encoded(batch)
    expect(EntryBatch.decode(new Reader(bytes)).count).toBe(5)
    damage(bytes)
    expect(() => EntryBatch.decode(new Reader(bytes))).toThrow(FormatError)
  })
})
