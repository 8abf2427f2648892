import { type Command, encodeCommand, type Step, type StoreResult } from '@raft/commands'
import { EntryBatch, EntryKind } from '@raft/core'
import { KeyValueStore } from '@raft/state-machine'
import { describe, expect, test, vi } from 'vitest'
import { apply, bytes, put } from './help.js'

const MIB = 2 ** 20

const get = (key: string): Step => ({ type: 'get', key: bytes(key) })
const transaction = (...success: Step[]): Command => ({ type: 'transaction', compare: [], success, failure: [] })

function batchOf(store: KeyValueStore, commands: readonly Command[]): EntryBatch {
  return EntryBatch.of(store.lastApplied + 1, 1, EntryKind.Command, commands.map(encodeCommand))
}

/** Applies all, and tells how many entries each call took. */
function inPieces(
  store: KeyValueStore,
  batch: EntryBatch,
  awaitedFrom?: number,
): { pieces: number[]; results: (StoreResult | undefined)[] } {
  const pieces: number[] = []
  const results: (StoreResult | undefined)[] = []
  while (store.lastApplied < batch.lastIndex) {
    const some = store.apply(batch.slice(store.lastApplied + 1, batch.lastIndex), awaitedFrom)
    pieces.push(some.length)
    results.push(...some)
  }
  return { pieces, results }
}

/** Four values of 3.9 MB, which a transaction may read together. */
function storeWithLargeValues(): KeyValueStore {
  const store = new KeyValueStore()
  for (const key of ['a', 'b', 'c', 'd']) apply(store, { type: 'put', key: bytes(key), value: Buffer.alloc(3_900_000, key) })
  return store
}

const readAll = transaction(get('a'), get('b'), get('c'), get('d'))

describe('one call of apply ends', () => {
  test('behind the transaction that reads much, so that the results of one are held at a time (issue 18)', () => {
    const store = storeWithLargeValues()
    const { pieces, results } = inPieces(store, batchOf(store, Array(5).fill(readAll)))
    expect(pieces).toEqual([1, 1, 1, 1, 1])
    for (const result of results) expect(result).toMatchObject({ type: 'transaction', succeeded: true, results: { length: 4 } })
  })

  test('behind the transaction that reads too much, and is refused for it', () => {
    const store = storeWithLargeValues()
    const tooMuch = transaction(get('a'), get('b'), get('c'), get('d'), get('a'))
    const { pieces, results } = inPieces(store, batchOf(store, [tooMuch, tooMuch]))
    expect(pieces).toEqual([1, 1])
    for (const result of results) expect(result).toMatchObject({ type: 'error', code: 'RAFT_TRANSACTION_TOO_LARGE' })
  })

  test('where much was looked at, though nothing was found', () => {
    const store = new KeyValueStore()
    const steps: Step[] = Array.from({ length: 10_000 }, (_, i) => get(`${i}`))
    const { pieces } = inPieces(store, batchOf(store, Array(12).fill(transaction(...steps))))
    expect(pieces).toEqual([4, 4, 4])
  })

  test('nowhere else: puts as they come are applied at once', () => {
    const store = new KeyValueStore()
    const puts = Array.from({ length: 8000 }, (_, i): Command => ({ type: 'put', key: bytes(`key ${i}`), value: bytes('v'.repeat(100)) }))
    expect(inPieces(store, batchOf(store, puts)).pieces).toEqual([8000])
  })
})

describe('where nobody waits', () => {
  test('no results are made, and what was read is not copied (issue 18)', () => {
    const store = storeWithLargeValues()
    const change: Step = { type: 'put', key: bytes('e'), value: bytes('1') }
    const commands = [...Array(50).fill(readAll), ...Array(10).fill(transaction(get('a'), { type: 'range' }, change))]
    const batch = batchOf(store, commands)
    const allocations = [vi.spyOn(Buffer, 'allocUnsafe'), vi.spyOn(Buffer, 'allocUnsafeSlow')]
    const { results } = inPieces(store, batch, Number.POSITIVE_INFINITY)
    for (const allocation of allocations) {
      expect(allocation.mock.calls.filter(([size]) => size > MIB)).toEqual([])
      allocation.mockRestore()
    }
    expect(results.filter((result) => result?.type === 'transaction' && result.results.length > 0)).toEqual([])
    expect(store.size).toBe(5)
  })

  test('a transaction that reads too much is taken back all the same', () => {
    const [awaited, replayed] = [storeWithLargeValues(), storeWithLargeValues()]
    const steps: readonly Step[][] = [
      [get('a'), get('b'), get('c'), get('d'), get('a')],
      [
        { type: 'range' },
        { type: 'range', after: bytes('a') },
        { type: 'range', after: bytes('b') },
        { type: 'range', after: bytes('c') },
        get('d'),
      ],
      [{ type: 'range' }, { type: 'range', after: bytes('a') }, { type: 'range', after: bytes('b') }, { type: 'range', after: bytes('c') }],
    ]
    const commands = steps.map((reads, i) => transaction({ type: 'put', key: bytes(`new ${i}`), value: bytes('1') }, ...reads))
    const { results } = inPieces(awaited, batchOf(awaited, commands))
    inPieces(replayed, batchOf(replayed, commands), Number.POSITIVE_INFINITY)
    expect(results.map((result) => result?.type)).toEqual(['error', 'error', 'transaction'])
    expect(replayed.digest()).toBe(awaited.digest())
    expect(replayed.revision).toBe(awaited.revision)
  })

  test('results begin with the first that is awaited', () => {
    const store = new KeyValueStore()
    put(store, 'a', '1')
    const batch = batchOf(store, [
      { type: 'put', key: bytes('a'), value: bytes('2') },
      transaction(get('a')),
      { type: 'put', key: bytes('a'), value: bytes('3') },
      transaction(get('a')),
    ])
    const { results } = inPieces(store, batch, batch.firstIndex + 2)
    expect(results.slice(0, 2)).toEqual([undefined, undefined])
    expect(results[2]).toMatchObject({ type: 'put', modRevision: 3 })
    expect(results[3]).toMatchObject({ type: 'transaction', results: [{ type: 'get', entry: { value: bytes('3') } }] })
  })
})
