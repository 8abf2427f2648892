import { encodeCommand, type Step } from '@raft/commands'
import { KeyValueStore } from '@raft/state-machine'
import { describe, expect, test } from 'vitest'
import { apply, applyPayloads, bytes, put } from './help.js'

const key = bytes('key')
const value = bytes('value')

function transaction(store: KeyValueStore, ...success: Step[]) {
  return apply(store, { type: 'transaction', compare: [], success, failure: [] })
}

describe('put, delete and compareAndSet', () => {
  test('a key keeps its createRevision and counts its puts, until it is deleted', () => {
    const store = new KeyValueStore()
    expect(apply(store, { type: 'put', key, value })).toEqual({ type: 'put', revision: 1, createRevision: 1, modRevision: 1, version: 1 })
    expect(apply(store, { type: 'put', key, value })).toEqual({ type: 'put', revision: 2, createRevision: 1, modRevision: 2, version: 2 })
    expect(apply(store, { type: 'delete', key })).toEqual({ type: 'delete', revision: 3, deleted: true })
    expect(store.get(key)).toBeNull()
    expect(apply(store, { type: 'put', key, value })).toEqual({ type: 'put', revision: 4, createRevision: 4, modRevision: 4, version: 1 })
  })

  test('deleting what is not there changes nothing', () => {
    const store = new KeyValueStore()
    expect(apply(store, { type: 'delete', key })).toEqual({ type: 'delete', revision: 0, deleted: false })
  })

  test('compareAndSet creates a key that must not exist, once', () => {
    const store = new KeyValueStore()
    const create = () => apply(store, { type: 'compareAndSet', key, prevRevision: 0, value })
    expect(create()).toEqual({ type: 'compareAndSet', succeeded: true, revision: 1, modRevision: 1 })
    expect(create()).toEqual({ type: 'compareAndSet', succeeded: false, revision: 1, modRevision: 1 })
  })

  test('compareAndSet of a key that is gone tells so with modRevision 0', () => {
    const store = new KeyValueStore()
    put(store, 'other', 'x')
    expect(apply(store, { type: 'compareAndSet', key, prevRevision: 1, value })).toEqual({
      type: 'compareAndSet',
      succeeded: false,
      revision: 1,
      modRevision: 0,
    })
  })

  test('keys that look alike to a hash are told apart', () => {
    const store = new KeyValueStore()
    const alike = [bytes('76mmiq'), bytes('2391dx')]
    const puts = alike.map((each) => encodeCommand({ type: 'put', key: each, value: each }))
    applyPayloads(store, puts)
    applyPayloads(store, [...puts, ...puts])
    expect(alike.map((each) => store.get(each))).toMatchObject(alike.map((each) => ({ key: each, value: each, version: 3 })))
  })

  test('a value may be empty, and is not the same as none', () => {
    const store = new KeyValueStore()
    apply(store, { type: 'put', key, value: bytes('') })
    expect(store.get(key)?.value).toHaveLength(0)
  })
})

describe('transaction', () => {
  test('is one step of the revision, however many keys it changes', () => {
    const store = new KeyValueStore()
    transaction(store, { type: 'put', key: bytes('a'), value }, { type: 'put', key: bytes('b'), value })
    expect(store.revision).toBe(1)
    expect(store.range().entries.map((entry) => entry.modRevision)).toEqual([1, 1])
  })

  test('is no step when it changes nothing', () => {
    const store = new KeyValueStore()
    put(store, 'other', 'x')
    expect(transaction(store, { type: 'get', key }, { type: 'delete', key }, { type: 'range' })).toMatchObject({
      succeeded: true,
      revision: 1,
    })
  })

  test('is a step when it puts a key and deletes it again', () => {
    const store = new KeyValueStore()
    expect(transaction(store, { type: 'put', key, value }, { type: 'delete', key })).toMatchObject({ revision: 1 })
    expect(store.size).toBe(0)
  })

  test('lets each step see what the steps before it did to the same key, all with one revision', () => {
    const store = new KeyValueStore()
    put(store, 'key', 'old')
    const stored = { key, createRevision: 2, modRevision: 2, version: 2, value: bytes('second') }
    expect(
      transaction(
        store,
        { type: 'delete', key },
        { type: 'get', key },
        { type: 'put', key, value: bytes('first') },
        { type: 'put', key, value: bytes('second') },
        { type: 'range', prefix: bytes('k') },
      ),
    ).toEqual({
      type: 'transaction',
      succeeded: true,
      revision: 2,
      results: [
        { type: 'delete', deleted: true },
        { type: 'get', entry: null },
        { type: 'put', createRevision: 2, modRevision: 2, version: 1 },
        { type: 'put', createRevision: 2, modRevision: 2, version: 2 },
        { type: 'range', entries: [stored], more: false },
      ],
    })
  })

  test('carries out its else-steps when one of its compare does not hold', () => {
    const store = new KeyValueStore()
    put(store, 'key', 'value')
    const result = apply(store, {
      type: 'transaction',
      compare: [
        { key, relation: 'equal', version: 1 },
        { key, relation: 'less', value: bytes('valu') },
      ],
      success: [{ type: 'delete', key }],
      failure: [{ type: 'put', key: bytes('else'), value }],
    })
    expect(result).toMatchObject({ succeeded: false, revision: 2, results: [{ type: 'put' }] })
    expect(store.size).toBe(2)
  })

  test('finds a key that does not exist unequal to every value, and its numbers 0', () => {
    const store = new KeyValueStore()
    const holds = (relation: 'equal' | 'notEqual' | 'less' | 'greater', operand: string) =>
      apply(store, {
        type: 'transaction',
        compare: [
          { key, relation, value: bytes(operand) },
          { key, relation: 'equal', createRevision: 0 },
          { key, relation: 'less', modRevision: 1 },
          { key, relation: 'notEqual', version: 1 },
        ],
        success: [],
        failure: [],
      })
    expect(holds('equal', '')).toMatchObject({ succeeded: false })
    expect(holds('notEqual', '')).toMatchObject({ succeeded: true })
    expect(holds('less', 'z')).toMatchObject({ succeeded: false })
    expect(holds('greater', '')).toMatchObject({ succeeded: false })
  })
})
