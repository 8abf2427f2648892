import { type Command, encodeCommand, type StoreResult } from '@raft/commands'
import { EntryBatch, EntryKind } from '@raft/core'
import { KeyValueStore } from '@raft/state-machine'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { command } from './arbitraries.js'
import { apply, bytes, put } from './help.js'

/** Neither a command nor a no-op. */
const KIND_TO_COME = 2

test('the same entries give the same results and the same digest, however they are cut into batches', () => {
  fc.assert(
    fc.property(
      fc.array(command, { minLength: 1, maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      (commands, cuts) => {
        const log = EntryBatch.of(1, 3, EntryKind.Command, commands.map(encodeCommand))
        const whole = new KeyValueStore()
        const results = whole.apply(log)
        const inPieces = new KeyValueStore()
        const piecewise: (StoreResult | undefined)[] = []
        for (let i = 0; inPieces.lastApplied < log.lastIndex; i++) {
          const from = inPieces.lastApplied + 1
          piecewise.push(...inPieces.apply(log.slice(from, Math.min(log.lastIndex, from + (cuts[i % cuts.length] as number) - 1))))
        }
        expect(piecewise).toEqual(results)
        expect(inPieces.digest()).toBe(whole.digest())
        expect(inPieces.lastApplied).toBe(whole.lastApplied)
      },
    ),
  )
})

test('entries that are no commands are counted, and change neither revision nor digest', () => {
  const store = new KeyValueStore()
  put(store, 'a', '1')
  const digest = store.digest()
  expect(store.apply(EntryBatch.of(2, 2, EntryKind.NoOp, [new Uint8Array(0)]))).toEqual([undefined])
  expect(store.apply(EntryBatch.of(3, 2, KIND_TO_COME, [bytes('{}')]))).toEqual([undefined])
  expect([store.lastApplied, store.revision, store.digest()]).toEqual([3, 1, digest])
})

test('entries that do not follow the last applied one are refused', () => {
  const store = new KeyValueStore()
  expect(() => store.apply(EntryBatch.of(2, 1, EntryKind.NoOp, [new Uint8Array(0)]))).toThrow('0 was the last applied')
})

test('the digest tells apart stores that differ in one byte, one key, or one revision', () => {
  const digests = new Set<string>()
  const long = 'k'.repeat(65_534)
  for (const puts of [
    [],
    [['a', '']],
    [['a', 'b']],
    [['ab', '']],
    [['a', 'c']],
    [
      ['a', 'c'],
      ['a', 'b'],
    ],
    [
      ['x', 'y'],
      ['a', 'b'],
    ],
    [[`${long}1`, 'v']],
    [[`${long}2`, 'v']],
    [['a', 'v'.repeat(200_000)]],
    [['a', `${'v'.repeat(199_999)}w`]],
  ] as [string, string][][]) {
    const store = new KeyValueStore()
    for (const [key, value] of puts) put(store, key, value)
    digests.add(store.digest())
  }
  expect(digests.size).toBe(11)
})

test('the digest tells apart stores that differ in the version of one key only', () => {
  const storeAfter = (second: Command) => {
    const store = new KeyValueStore()
    const putA: Command = { type: 'put', key: bytes('a'), value: bytes('1') }
    for (const command of [putA, second, putA]) apply(store, command)
    return store
  }
  const thrice = storeAfter({ type: 'put', key: bytes('a'), value: bytes('2') })
  const success = [{ type: 'put', key: bytes('b'), value: bytes('2') } as const, { type: 'delete', key: bytes('b') } as const]
  const twice = storeAfter({ type: 'transaction', compare: [], success, failure: [] })
  expect([thrice.get(bytes('a'))?.version, twice.get(bytes('a'))?.version]).toEqual([3, 2])
  expect(thrice.get(bytes('a'))).toMatchObject({ createRevision: 1, modRevision: 3 })
  expect(twice.get(bytes('a'))).toMatchObject({ createRevision: 1, modRevision: 3 })
  expect(thrice.digest()).not.toBe(twice.digest())
})

test('a store keeps its own copy of a value', () => {
  const store = new KeyValueStore()
  const batch = EntryBatch.of(1, 1, EntryKind.Command, [
    encodeCommand({ type: 'put', key: bytes('small'), value: bytes('value') }),
    encodeCommand({ type: 'put', key: bytes('large'), value: Buffer.alloc(100_000, 7) }),
  ])
  store.apply(batch)
  const small = store.get(bytes('small'))?.value as Uint8Array
  const large = store.get(bytes('large'))?.value as Uint8Array
  expect(small.buffer.byteLength).toBe(8192)
  expect(large.buffer.byteLength).toBe(100_000)
  batch.bytes.fill(0)
  expect(Buffer.from(small).toString()).toBe('value')
  expect(large[99_999]).toBe(7)
})

test('what a read has returned stays as it was when the key is put again', () => {
  const store = new KeyValueStore()
  put(store, 'a', 'one')
  const before = store.get(bytes('a'))
  apply(store, { type: 'put', key: bytes('a'), value: bytes('two') })
  expect(before).toEqual({ key: bytes('a'), value: bytes('one'), createRevision: 1, modRevision: 1, version: 1 })
})
