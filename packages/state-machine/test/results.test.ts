import { encodeTransaction, type KeyValue } from '@raft/commands'
import { KeyValueStore } from '@raft/state-machine'
import { describe, expect, test } from 'vitest'
import { applyPayloads, put } from './help.js'

const LARGE = 'x'.repeat(10_000)

/** Whether these are Buffers with this text. */
function expectBuffers(entry: KeyValue | null | undefined, key: string, value: string): void {
  expect(Buffer.isBuffer(entry?.key)).toBe(true)
  expect(Buffer.isBuffer(entry?.value)).toBe(true)
  expect(String(entry?.key)).toBe(key)
  expect(String(entry?.value)).toBe(value)
}

describe.each([
  ['short', 'short'],
  ['long', LARGE],
])('keys and values of an answer are Buffers of their own, a %s value', (_name, value) => {
  const asked = (): Uint8Array => new Uint8Array(Buffer.from('k'))
  const other = value.replaceAll(/./g, 'o')

  test('of get, but for the key, which is the one that was given', () => {
    const store = new KeyValueStore()
    put(store, 'k', value)
    const key = Buffer.from('k')
    const entry = store.get(key)
    put(store, 'k', other)
    expect(entry?.key).toBe(key)
    expectBuffers(entry, 'k', value)
    entry?.value.fill(0)
    expectBuffers(store.get(key), 'k', other)
  })

  test('of range', () => {
    const store = new KeyValueStore()
    put(store, 'k', value)
    const [entry] = store.range({ prefix: asked() }).entries
    put(store, 'k', other)
    expectBuffers(entry, 'k', value)
  })

  test('of a transaction', () => {
    const store = new KeyValueStore()
    put(store, 'k', value)
    const success = [{ type: 'get', key: asked() } as const, { type: 'range', prefix: asked() } as const]
    const command = encodeTransaction({ compare: [], success, failure: [] })
    const [result] = applyPayloads(store, [command])
    command.fill(0)
    put(store, 'k', other)
    if (result?.type !== 'transaction') throw new Error('a transaction was expected')
    const [got, range] = result.results
    expectBuffers(got?.type === 'get' ? got.entry : null, 'k', value)
    expectBuffers(range?.type === 'range' ? range.entries[0] : null, 'k', value)
  })
})
