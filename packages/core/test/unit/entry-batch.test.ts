import { describe, expect, it } from 'vitest'
import { digestOf } from '../../src/fingerprint.js'
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

  it('is not copied when it is joined with none', () => {
    expect(EntryBatch.concat([batch])).toBe(batch)
    expect(() => EntryBatch.concat([])).toThrow('no batches to join')
  })

  it('is joined from slices, whatever bytes they share', () => {
    const whole = EntryBatch.concat([batch.slice(6, 7), batch.slice(8, 9)])
    expect([whole.firstIndex, whole.count, whole.byteLength]).toEqual([6, 4, 14])
    expect([6, 7, 8, 9].map((i) => [whole.term(i), whole.kind(i), [...whole.payload(i)]])).toEqual(
      [6, 7, 8, 9].map((i) => [batch.term(i), batch.kind(i), [...batch.payload(i)]]),
    )
  })

  it('without payloads is empty', () => {
    const empty = EntryBatch.of(4, 2, EntryKind.Command, [])
    expect([empty.firstIndex, empty.lastIndex, empty.count, empty.byteLength, empty.runs]).toEqual([4, 3, 0, 0, []])
    expect([...empty.entryBytes()]).toEqual([])
  })

  it('tells the bytes of some of its entries, their kinds included', () => {
    expect([batch.bytesOf(5, 5), batch.bytesOf(6, 7), batch.bytesOf(5, 9), batch.slice(7, 8).bytesOf(8, 8)]).toEqual([4, 11, 18, 1])
    for (const [from, to] of [
      [4, 5],
      [5, 10],
    ] as const)
      expect(() => batch.bytesOf(from, to)).toThrow(AssertionError)
  })

  it('has the entries from its first to its last', () => {
    expect([4, 5, 9, 10].map((index) => batch.has(index))).toEqual([false, true, true, false])
  })

  it('slices runs of terms at both ends', () => {
    const runs = (from: number, to: number) => batch.slice(from, to).runs.map(({ firstIndex, term }) => [firstIndex, term])
    expect(runs(5, 8)).toEqual([[5, 2]])
    expect(runs(8, 9)).toEqual([
      [8, 2],
      [9, 4],
    ])
    expect(runs(9, 9)).toEqual([[9, 4]])
    expect(runs(5, 5)).toEqual([[5, 2]])
    expect([batch.slice(5, 4).firstIndex, batch.slice(10, 9).count]).toEqual([5, 0])
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
    for (const index of [4, 10]) {
      expect(() => batch.term(index)).toThrow(AssertionError)
      expect(() => batch.kind(index)).toThrow(AssertionError)
      expect(() => batch.payload(index)).toThrow(AssertionError)
      expect(() => batch.lastWithin(index, 1)).toThrow(AssertionError)
    }
    expect(() => batch.slice(6, 10)).toThrow(AssertionError)
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
    ['an entry of no bytes beside a longer one', (bytes: Uint8Array) => bytes.set([0, 0, 0, 0, 5], 20 + 24)],
    ['a last entry that ends before the batch does', (bytes: Uint8Array) => bytes.set([1], 20 + 24 + 16)],
    ['index 0', (bytes: Uint8Array) => bytes.set([0], 0)],
    ['another number of entries', (bytes: Uint8Array) => bytes.set([4], 8)],
    ['another number of bytes', (bytes: Uint8Array) => bytes.set([17], 16)],
    ['entries over their bytes', (bytes: Uint8Array) => bytes.set([5], 20 + 24)],
    ['entries short of their bytes', (bytes: Uint8Array) => bytes.set([3], 20 + 24)],
    ['an index over 2^53', (bytes: Uint8Array) => bytes.set([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f, 0], 0)],
  ])('refuses %s', (_, damage) => {
    const bytes = encoded(batch)
    expect(EntryBatch.decode(new Reader(bytes)).count).toBe(5)
    damage(bytes)
    expect(() => EntryBatch.decode(new Reader(bytes))).toThrow(FormatError)
  })
})

describe('an encoded batch', () => {
  it.each([
    ['without entries', EntryBatch.empty(1)],
    ['of every kind', EntryBatch.concat([0, 1].map((kind) => EntryBatch.of(1 + kind, 1, kind, [payload(kind)])))],
    ['that ends at the last index there is', EntryBatch.of(Number.MAX_SAFE_INTEGER - 2, 3, EntryKind.Command, [payload(1), payload(2)])],
  ])('%s is read as it was', (_, one) => {
    const read = EntryBatch.decode(new Reader(encoded(one)))
    expect([read.firstIndex, read.count, read.runs]).toEqual([one.firstIndex, one.count, one.runs])
    expect([...read.entryBytes()]).toEqual([...one.entryBytes()])
  })

  it('whose runs are of more entries than it has is refused with both numbers', () => {
    const bytes = encoded(batch)
    bytes.set([2], 20 + 12 + 8)
    expect(() => EntryBatch.decode(new Reader(bytes))).toThrow('runs of 6 entries in a batch of 5')
  })

  it('leaves what stands behind it to the reader', () => {
    const bytes = encoded(batch)
    const reader = new Reader(Uint8Array.of(...bytes, 1, 2, 3))
    EntryBatch.decode(reader)
    expect(reader.remaining).toBe(3)
  })

  it('that ends before what it promises is refused before anything is made of it', () => {
    const bytes = encoded(batch)
    expect(() => EntryBatch.decode(new Reader(bytes.subarray(0, bytes.length - 1)))).toThrow(/^a batch of \d+ bytes in \d+$/)
  })
})

describe('the digest of a batch', () => {
  it('is the same for the same entries, and another for other entries and another place', () => {
    const digest = digestOf(batch)
    expect(digestOf(EntryBatch.concat([batch.slice(5, 6), batch.slice(7, 9)]))).toBe(digest)
    const moved = EntryBatch.of(6, 2, EntryKind.Command, [payload(3)])
    const others = [batch.slice(5, 8), EntryBatch.empty(5), null, moved, EntryBatch.of(5, 2, EntryKind.Command, [payload(3)])]
    expect(new Set([digest, ...others.map(digestOf)]).size).toBe(6)
    expect(digestOf(EntryBatch.of(1, 1, EntryKind.NoOp, [payload(0)]))).not.toBe(
      digestOf(EntryBatch.of(1, 1, EntryKind.Command, [payload(0)])),
    )
  })
})
