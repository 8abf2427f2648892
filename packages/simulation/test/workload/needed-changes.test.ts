import { describe, expect, it } from 'vitest'
import { type KnownPut, neededChanges } from '../../src/workload/needed-changes.js'

function put(revision: number, createRevision: number, until = revision): KnownPut {
  return { revision, until, left: { value: 1, createRevision, modRevision: revision, version: 1 } }
}

function needed(puts: readonly KnownPut[], deletes: readonly number[], taken: readonly number[]): [number, string[]][] {
  const found = neededChanges(new Map([['k', puts]]), new Map([['k', deletes]]), new Set(taken))
  return [...found].map(([revision, keys]): [number, string[]] => [revision, [...keys]]).sort(([a], [b]) => a - b)
}

describe('a key that was there and then was created anew', () => {
  it('was deleted at the only revision in between of which no answer speaks', () => {
    expect(needed([put(8, 8, 9), put(12, 12)], [], [8, 9, 10, 12])).toEqual([
      [8, ['k']],
      [11, ['k']],
      [12, ['k']],
    ])
  })

  it('may have been deleted by the transaction that put it, where no answer speaks of that', () => {
    expect(needed([put(8, 8, 9), put(12, 12)], [], [8, 9, 10])).toEqual([
      [8, ['k']],
      [12, ['k']],
    ])
  })

  it('may have been deleted by whoever has answered that it deleted it', () => {
    expect(needed([put(8, 8, 9), put(12, 12)], [10], [8, 9, 10, 12])).toEqual([
      [8, ['k']],
      [12, ['k']],
    ])
  })

  it('may have been deleted at any of several revisions of which no answer speaks', () => {
    expect(needed([put(8, 8, 9), put(12, 12)], [], [8, 10, 12])).toEqual([
      [8, ['k']],
      [12, ['k']],
    ])
  })
})
