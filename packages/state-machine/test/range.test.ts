import { KeyValueStore } from '@raft/state-machine'
import { describe, expect, test } from 'vitest'
import { apply, bytes, keysOf, put, text } from './help.js'

function storeOf(...keys: string[]): KeyValueStore {
  const store = new KeyValueStore()
  for (const key of keys) put(store, key, `value of ${key}`)
  return store
}

const keysIn = (store: KeyValueStore, request: Parameters<KeyValueStore['range']>[0]) =>
  store.range(request).entries.map((entry) => text(entry.key))

describe('range', () => {
  test('keys come in bytewise order, whatever they would be as text', () => {
    expect(keysOf(storeOf('\xff', 'b', 'a', '\x00', 'B', '\xc3\x28', 'a\x00', '\x80', '\x7f'))).toEqual([
      '\x00',
      'B',
      'a',
      'a\x00',
      'b',
      '\x7f',
      '\x80',
      '\xc3\x28',
      '\xff',
    ])
  })

  test('a prefix gives its own key and those that begin with it, and no neighbour', () => {
    expect(keysIn(storeOf('a', 'b', 'b\x00', 'ba', 'b\xff\xff', 'c'), { prefix: bytes('b') })).toEqual(['b', 'b\x00', 'ba', 'b\xff\xff'])
  })

  test('a prefix of 0xff bytes, which has no successor, gives the keys to the end', () => {
    expect(keysIn(storeOf('a', '\xfe\xff', '\xff', '\xff\xff', '\xff\xff\x00'), { prefix: bytes('\xff\xff') })).toEqual([
      '\xff\xff',
      '\xff\xff\x00',
    ])
  })

  test('an empty prefix gives every key', () => {
    expect(keysIn(storeOf('a', '\xff'), { prefix: bytes('') })).toEqual(['a', '\xff'])
  })

  test('`after` need not exist, and may lie before or behind the prefix', () => {
    const store = storeOf('a', 'b1', 'b3', 'c')
    expect(keysIn(store, { prefix: bytes('b'), after: bytes('b2') })).toEqual(['b3'])
    expect(keysIn(store, { prefix: bytes('b'), after: bytes('b1') })).toEqual(['b3'])
    expect(keysIn(store, { prefix: bytes('b'), after: bytes('a') })).toEqual(['b1', 'b3'])
    expect(keysIn(store, { prefix: bytes('b'), after: bytes('bz') })).toEqual([])
    expect(keysIn(store, { prefix: bytes('b'), after: bytes('c') })).toEqual([])
    expect(keysIn(store, { after: bytes('') })).toEqual(['a', 'b1', 'b3', 'c'])
  })

  test('`more` says whether a limit has left keys out', () => {
    const store = storeOf('p1', 'p2', 'q')
    expect(store.range({ prefix: bytes('p'), limit: 1 })).toMatchObject({ more: true, revision: 3 })
    expect(store.range({ prefix: bytes('p'), limit: 2 })).toMatchObject({ more: false })
  })

  test('1000 keys come when no limit is given, and never more than 10,000', () => {
    const store = storeOf(...Array.from({ length: 10_001 }, (_, i) => `key ${i}`))
    expect(store.range().entries).toHaveLength(1000)
    expect(store.range({ limit: 0 }).entries).toHaveLength(1000)
    const most = store.range({ limit: 4_000_000_000 })
    expect([most.entries.length, most.more]).toEqual([10_000, true])
  })

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('a limit of %d is refused', (limit) => {
    expect(() => storeOf('a').range({ limit })).toThrow(expect.objectContaining({ code: 'RAFT_COMMAND_MALFORMED' }))
  })

  test('an answer is at most 4 MiB, but holds one key whatever its size', () => {
    const store = new KeyValueStore()
    for (const key of ['a', 'b', 'c']) apply(store, { type: 'put', key: bytes(key), value: Buffer.alloc(2_000_000) })
    apply(store, { type: 'put', key: bytes('d'), value: Buffer.alloc(5_000_000) })
    const first = store.range()
    expect([first.entries.map((entry) => text(entry.key)), first.more]).toEqual([['a', 'b'], true])
    expect(keysIn(store, { after: bytes('b') })).toEqual(['c'])
    const last = store.range({ after: bytes('c') })
    expect([last.entries.map((entry) => text(entry.key)), last.more]).toEqual([['d'], false])
  })
})
