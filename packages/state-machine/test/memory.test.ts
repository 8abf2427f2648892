import { type Command, encodeCommand, encodePut } from '@raft/commands'
import { EntryBatch, EntryKind } from '@raft/core'
import { KeyValueStore } from '@raft/state-machine'
import { expect, test, vi } from 'vitest'
import { keptBy } from './garbage.js'
import { apply, applyPayloads, bytes, put } from './help.js'

const MIB = Buffer.alloc(2 ** 20)

test('nothing is kept of a transaction that failed', () => {
  const store = new KeyValueStore()
  apply(store, { type: 'put', key: bytes('large'), value: Buffer.alloc(3 * 2 ** 20) })
  const steps = (name: string) => [
    { type: 'put' as const, key: bytes(name), value: MIB },
    ...Array.from({ length: 6 }, () => ({ type: 'get' as const, key: bytes('large') })),
  ]
  /** Whichever way it takes. */
  const fail = (name: string, version: number) =>
    apply(store, {
      type: 'transaction',
      compare: [{ key: bytes('large'), relation: 'equal', version: version }],
      success: steps(`${name}-then`),
      failure: steps(`${name}-else`),
    })
  const kept = keptBy(() => {
    for (let i = 0; i < 20; i++) expect(fail(`new-${i}`, i % 2)).toMatchObject({ code: 'RAFT_TRANSACTION_TOO_LARGE' })
  })
  expect(kept).toBeLessThan(5)
  expect(store.size).toBe(1)
})

test('nothing is kept of keys that are deleted', () => {
  const store = new KeyValueStore()
  const keys = Array.from({ length: 64 }, (_, i) => `key-${i}`)
  for (const key of keys) put(store, key, 'small')
  const kept = keptBy(() => {
    // These are looked for together.
    applyPayloads(
      store,
      keys.map((key) => encodePut(bytes(key), bytes('small again'))),
    )
    for (const key of keys) apply(store, { type: 'put', key: bytes(key), value: MIB })
    for (const key of keys) apply(store, { type: 'delete', key: bytes(key) })
  })
  expect(kept).toBeLessThan(5)
  expect(store.size).toBe(0)
})

test('jobs that are put and deleted in turn take no more memory than those that are there at once', () => {
  let taken = 0
  vi.stubGlobal(
    'SharedArrayBuffer',
    new Proxy(SharedArrayBuffer, {
      construct: (target, [length]) => {
        taken += length
        return Reflect.construct(target, [length])
      },
    }),
  )
  const store = new KeyValueStore()
  const value = Buffer.alloc(1000)
  const job = (i: number) => bytes(`job-${i}`)
  for (let i = 0; i < 60_000; i += 100) {
    const jobs = Array.from({ length: 100 }, (_, n) => i + n)
    const done = jobs.filter((n) => n >= 1000).map((n) => encodeCommand({ type: 'delete', key: job(n - 1000) }))
    applyPayloads(store, [...jobs.map((n) => encodePut(job(n), value)), ...done])
  }
  vi.unstubAllGlobals()
  expect(store.size).toBe(1000)
  expect(taken).toBeLessThan(20 * 2 ** 20)
})

test('neither the state nor a result holds on to the bytes of a command', () => {
  const store = new KeyValueStore()
  const [key, value] = [Buffer.from('key'), Buffer.from('value')]
  const gone = Buffer.from('gone')
  const steps = [
    { type: 'get', key },
    { type: 'get', key: gone },
    { type: 'range', prefix: key },
    { type: 'put', key: Buffer.from('other'), value },
  ] as const
  const commands: Command[] = [
    { type: 'put', key, value },
    { type: 'put', key: Buffer.from('large'), value: Buffer.alloc(5000, 'l') },
    { type: 'compareAndSet', key: gone, prevRevision: 0, value },
    { type: 'delete', key: gone },
    { type: 'transaction', compare: [{ key, relation: 'equal', value: value }], success: [...steps], failure: [] },
  ]
  const batch = EntryBatch.of(1, 1, EntryKind.Command, commands.map(encodeCommand))
  const results = store.apply(batch)
  const seen = () => JSON.stringify([results, store.digest(), store.get(bytes('key')), store.range()])
  const before = seen()
  batch.bytes.fill(0xff)
  expect(seen()).toBe(before)
})
