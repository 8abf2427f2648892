import { EntryBatch, Reader, Writer } from '@raft/core'
import { describe, expect, test } from 'vitest'
import { LogContents } from '../src/log-contents.js'
import { commands } from './support/log.js'

const AT = 700

/** Adds one piece with entries of these terms, as recovery does when it has read one; says what is wrong with it. */
function add(contents: LogContents, firstIndex: number, terms: readonly number[], segment = 1): string | null {
  const batch = EntryBatch.concat(terms.map((term, i) => commands(firstIndex + i, term, ['x'])))
  const writer = new Writer(new Uint8Array(batch.encodedLength))
  batch.encode(writer)
  const { length } = writer.bytes
  return contents.add(new Reader(writer.bytes), segment, AT, { firstIndex, at: 0, length, checksum: 99 })
}

const run = (firstIndex: number, term: number) => ({ firstIndex, term })

test('without a write there is no entry, term 0 and no vote', () => {
  const contents = new LogContents(7, 4)
  expect([contents.lastIndex, contents.runs, contents.hardState]).toEqual([7, [], { currentTerm: 0, votedFor: null }])
})

describe('pieces that follow one another', () => {
  test('are joined where their terms are the same, and each keeps its place', () => {
    const contents = new LogContents(0, 0)
    expect([add(contents, 1, [2, 2], 1), add(contents, 3, [2, 5, 5], 2), add(contents, 6, [5], 3)]).toEqual([null, null, null])
    expect([contents.lastIndex, contents.runs]).toEqual([6, [run(1, 2), run(4, 5)]])
    const places = [0, 1, 2].map((at) => contents.places.at(at))
    expect(places.map(({ firstIndex, segment }) => [firstIndex, segment])).toEqual([
      [1, 1],
      [3, 2],
      [6, 3],
    ])
    expect(places[0]).toMatchObject({ offset: AT, checksum: 99 })
    expect(contents.places.truncations).toBe(0)
  })

  test('may begin right behind the base, in its term or a later one', () => {
    for (const term of [4, 5]) {
      const contents = new LogContents(7, 4)
      expect(add(contents, 8, [term])).toBe(null)
      expect([contents.lastIndex, contents.runs]).toEqual([8, [run(8, term)]])
    }
  })
})

describe('a piece that begins at or before the last entry', () => {
  test('takes the place of all entries from there on, also in the middle of a run', () => {
    const contents = new LogContents(0, 0)
    add(contents, 1, [1, 1, 1])
    add(contents, 4, [2, 3])
    expect(add(contents, 3, [4, 4])).toBe(null)
    expect([contents.lastIndex, contents.runs]).toEqual([4, [run(1, 1), run(3, 4)]])
    expect(contents.places.count).toBe(2)
    expect(add(contents, 4, [5])).toBe(null)
    expect(contents.runs).toEqual([run(1, 1), run(3, 4), run(4, 5)])
  })

  test('may take the place of all entries, and of a run to its first entry', () => {
    const contents = new LogContents(7, 1)
    add(contents, 8, [2, 3])
    expect(add(contents, 9, [4])).toBe(null)
    expect(contents.runs).toEqual([run(8, 2), run(9, 4)])
    expect(add(contents, 8, [5])).toBe(null)
    expect([contents.lastIndex, contents.runs, contents.places.count]).toEqual([8, [run(8, 5)], 1])
  })
})

describe('a piece that cannot follow', () => {
  test('is refused, and nothing is taken of it', () => {
    const contents = new LogContents(7, 4)
    add(contents, 8, [5, 5])
    for (const firstIndex of [6, 7, 11])
      expect(add(contents, firstIndex, [9])).toBe(`entries from ${firstIndex} on, behind a log that holds 8 to 9`)
    expect([contents.lastIndex, contents.runs, contents.places.count]).toEqual([9, [run(8, 5)], 1])
  })

  test('is refused by the index at which its terms fall: behind the base, behind the piece before', () => {
    expect(add(new LogContents(7, 4), 8, [3])).toBe('an entry 8 of term 3 behind a later one')
    const contents = new LogContents(7, 4)
    add(contents, 8, [6])
    expect(add(contents, 9, [5])).toBe('an entry 9 of term 5 behind a later one')
    expect(add(contents, 8, [4])).toBe(null)
  })
})
