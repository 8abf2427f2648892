import { encodeCommand } from '@raft/commands'
import { EntryBatch, EntryKind } from '@raft/core'
import sortedBTree from 'sorted-btree'
import { describe, expect, it, test, vi } from 'vitest'
import { hashOf } from '../src/key.js'
import { Keyspace } from '../src/keyspace.js'
import { PutRun } from '../src/put-run.js'

/** Puts that are looked up together, as those of a batch are. */
function putTogether(keyspace: Keyspace, puts: readonly (readonly [key: string, value: string])[], revision: number): void {
  const commands = puts.map(([key, value]) => encodeCommand({ type: 'put', key: Buffer.from(key), value: Buffer.from(value) }))
  const { bytes, offsets } = EntryBatch.of(1, 1, EntryKind.Command, commands)
  const run = new PutRun()
  run.begin(bytes)
  run.read(offsets, 0)
  expect(run.count).toBe(puts.length)
  keyspace.findAll(run)
  for (let i = 0; i < run.count; i++) keyspace.putFound(run, i, revision)
}

const put = (keyspace: Keyspace, key: string, value: string, revision: number) => keyspace.put(key, Buffer.from(value), revision)

/** Everything, as it is found by each of the ways that there are. */
function seen(keyspace: Keyspace) {
  const all: Record<string, unknown> = {}
  keyspace.visit(null, (key, { value, ...revisions }) => {
    all[key] = { ...revisions, value: Buffer.from(value).toString() }
    return true
  })
  expect(keyspace.size).toBe(Object.keys(all).length)
  const { entries } = keyspace.range({})
  expect(entries.map(({ key }) => Buffer.from(key).toString())).toEqual(Object.keys(all))
  for (const entry of entries) {
    expect(keyspace.get(entry.key)).toEqual(entry)
    const { value, ...found } = keyspace.find(Buffer.from(entry.key).toString()) ?? { value: '' }
    expect({ ...found, value: Buffer.from(value).toString() }).toEqual(all[Buffer.from(entry.key).toString()])
  }
  return all
}

test('of puts that are looked up together, each sees what those before it did to its key', () => {
  const keyspace = new Keyspace()
  const long = 'l'.repeat(500)
  putTogether(
    keyspace,
    [
      ['a', 'short'],
      ['b', '1'],
      ['a', long],
      ['a', 'x'],
      ['new', '1'],
      ['new', long],
    ],
    1,
  )
  expect(seen(keyspace)).toEqual({
    a: { createRevision: 1, modRevision: 1, version: 3, value: 'x' },
    b: { createRevision: 1, modRevision: 1, version: 1, value: '1' },
    new: { createRevision: 1, modRevision: 1, version: 2, value: long },
  })
  // Its record moves with the first of these, and again with the second.
  putTogether(
    keyspace,
    [
      ['b', long],
      ['b', '2'],
      ['b', '3'],
    ],
    2,
  )
  expect(seen(keyspace)).toMatchObject({ b: { createRevision: 1, modRevision: 2, version: 4, value: '3' } })
})

test('a key that is found no more among those that were used last is found all the same', () => {
  const keyspace = new Keyspace()
  const keys = Array.from({ length: 20_000 }, (_, i) => `key-${i}`)
  for (let first = 0; first < keys.length; first += 50)
    putTogether(
      keyspace,
      keys.slice(first, first + 50).map((key) => [key, 'value']),
      1,
    )
  expect(keyspace.size).toBe(20_000)
  for (let first = 0; first < keys.length; first += 50)
    putTogether(
      keyspace,
      keys.slice(first, first + 50).map((key) => [key, 'again']),
      2,
    )
  expect(keyspace.size).toBe(20_000)
  for (const key of keys) expect(keyspace.find(key)).toMatchObject({ createRevision: 1, modRevision: 2, version: 2 })
})

test('no key has the hash 0, which stands for none', () => {
  // FNV-1a of these is 0.
  const key = Buffer.from([0xcc, 0x24, 0x31, 0xc4])
  expect(hashOf(new DataView(key.buffer, key.byteOffset, key.length), 0, key.length)).toBe(1)
})

/** Two keys of one hash. */
function ofOneHash(): [string, string] {
  const byHash = new Map<number, string>()
  for (let i = 0; ; i++) {
    const key = `key-${i}`
    const hash = hashOf(new DataView(new TextEncoder().encode(key).buffer), 0, key.length)
    const other = byHash.get(hash)
    if (other !== undefined) return [other, key]
    byHash.set(hash, key)
  }
}

test('keys of one hash are told apart, and leave nothing behind', () => {
  const keyspace = new Keyspace()
  const [one, other] = ofOneHash()
  const before = keyspace.bytes
  for (let i = 1; i <= 5000; i++) {
    putTogether(
      keyspace,
      [
        [one, `1: ${i}`.padEnd(500)],
        [other, `2: ${i}`.padEnd(500)],
      ],
      i,
    )
    keyspace.tidy()
  }
  expect(keyspace.bytes - before).toBeLessThan(2 * 2 ** 20)
  for (const [key, value] of [
    [one, '1: 5000'],
    [other, '2: 5000'],
  ] as const) {
    expect(keyspace.find(key)).toMatchObject({ createRevision: 1, modRevision: 5000, version: 5000 })
    expect(Buffer.from(keyspace.get(Buffer.from(key))?.value ?? []).toString()).toBe(value.padEnd(500))
  }
  keyspace.delete(one)
  expect(keyspace.get(Buffer.from(one))).toBeNull()
  expect(keyspace.get(Buffer.from(other))).toMatchObject({ version: 5000 })
})

test('a key that was deleted is found nowhere, and begins anew', () => {
  const keyspace = new Keyspace()
  put(keyspace, 'a', 'value', 1)
  expect(keyspace.get(Buffer.from('a'))).not.toBeNull()
  expect([keyspace.delete('a'), keyspace.delete('a')]).toEqual([true, false])
  expect([keyspace.get(Buffer.from('a')), keyspace.find('a'), keyspace.size]).toEqual([null, undefined, 0])
  putTogether(keyspace, [['a', 'value']], 2)
  expect(seen(keyspace)).toEqual({ a: { createRevision: 2, modRevision: 2, version: 1, value: 'value' } })
})

test('what lies in slabs that are emptied is found where it is then', () => {
  const keyspace = new Keyspace()
  const keys = Array.from({ length: 8000 }, (_, i) => `key-${i}`)
  for (const key of keys) put(keyspace, key, key.repeat(100), 1)
  for (const [i, key] of keys.entries()) if (i % 4 !== 0) keyspace.delete(key)
  keyspace.tidy()
  for (let i = 0; i < 3000; i++) put(keyspace, `new-${i}`, 'x'.repeat(1000), 2)
  for (const [i, key] of keys.entries()) {
    const entry = keyspace.get(Buffer.from(key))
    expect(entry === null ? null : Buffer.from(entry.value).toString()).toBe(i % 4 === 0 ? key.repeat(100) : null)
  }
  putTogether(
    keyspace,
    keys.slice(0, 40).map((key) => [key, 'again']),
    3,
  )
  expect(keyspace.find('key-4')).toMatchObject({ createRevision: 1, version: 2 })
  expect(keyspace.find('key-5')).toMatchObject({ createRevision: 3, version: 1 })
})

/** How many keys are looked for in the tree meanwhile. */
function lookedUpInTree(run: () => void): number {
  const get = vi.spyOn(sortedBTree.default.prototype, 'get')
  run()
  const { length } = get.mock.calls
  get.mockRestore()
  return length
}

describe('the tree is asked for a key only once', () => {
  const keys = Array.from({ length: 2000 }, (_, i) => `key-${i}`)
  const get = (keyspace: Keyspace, key: string) => keyspace.get(Buffer.from(key))

  it('that was put', () => {
    const keyspace = new Keyspace()
    for (const key of keys) put(keyspace, key, 'value', 1)
    expect(lookedUpInTree(() => keys.map((key) => get(keyspace, key)))).toBeLessThan(20)
  })

  it('that was put together with others, and moves as its value grows', () => {
    const keyspace = new Keyspace()
    const putAll = (value: string) =>
      lookedUpInTree(() => {
        for (let i = 0; i < keys.length; i += 50)
          putTogether(
            keyspace,
            keys.slice(i, i + 50).map((key) => [key, value]),
            1,
          )
      })
    for (const value of ['', 'x'.repeat(100), 'x'.repeat(1000), 'x'.repeat(5000)]) expect(putAll(value)).toBeLessThan(20)
    expect(lookedUpInTree(() => keys.map((key) => get(keyspace, key)))).toBeLessThan(20)
  })

  it('that was read', () => {
    const keyspace = new Keyspace()
    for (const key of keys) put(keyspace, key, 'value', 1)
    keyspace.begin()
    for (const key of keys) keyspace.delete(key)
    keyspace.takeBackChanges()
    for (const times of [keys.length, 0])
      expect(Math.abs(lookedUpInTree(() => keys.map((key) => get(keyspace, key))) - times)).toBeLessThan(20)
  })

  it('whose record has moved into another slab', () => {
    const keyspace = new Keyspace()
    for (const key of keys) put(keyspace, key, 'x'.repeat(1000), 1)
    const left = keys.filter((_, i) => i % 4 === 0)
    for (const key of keys) if (!left.includes(key)) keyspace.delete(key)
    keyspace.tidy()
    // What they leave is written over.
    for (const [i, key] of keys.entries()) put(keyspace, `new-${i}`, key.repeat(100), 1)
    expect(lookedUpInTree(() => left.map((key) => get(keyspace, key)))).toBeLessThan(20)
  })
})

describe('changes that can be taken back', () => {
  const long = 'l'.repeat(5000)
  function begun() {
    const keyspace = new Keyspace()
    for (const key of ['kept', 'put', 'deleted', 'large']) put(keyspace, key, key === 'large' ? long : 'before', 1)
    const before = seen(keyspace)
    keyspace.begin()
    put(keyspace, 'put', 'after!', 2)
    put(keyspace, 'put', 'after and longer than there is room for', 2)
    put(keyspace, 'large', `${long}!`, 2)
    keyspace.delete('deleted')
    put(keyspace, 'new', 'value', 2)
    put(keyspace, 'gone', 'value', 2)
    keyspace.delete('gone')
    put(keyspace, 'deleted', 'once more', 2)
    keyspace.delete('put')
    put(keyspace, 'put', 'in the end', 2)
    return { keyspace, before }
  }
  const after = {
    kept: { createRevision: 1, modRevision: 1, version: 1, value: 'before' },
    put: { createRevision: 2, modRevision: 2, version: 1, value: 'in the end' },
    deleted: { createRevision: 2, modRevision: 2, version: 1, value: 'once more' },
    large: { createRevision: 1, modRevision: 2, version: 2, value: `${long}!` },
    new: { createRevision: 2, modRevision: 2, version: 1, value: 'value' },
  }

  it('are seen meanwhile', () => {
    expect(seen(begun().keyspace)).toEqual(after)
  })

  it('stay when they are kept', () => {
    const { keyspace } = begun()
    keyspace.keepChanges()
    keyspace.tidy()
    expect(seen(keyspace)).toEqual(after)
  })

  it('have never been when they are taken back', () => {
    const { keyspace, before } = begun()
    keyspace.takeBackChanges()
    keyspace.tidy()
    expect(seen(keyspace)).toEqual(before)
    putTogether(
      keyspace,
      [
        ['put', 'again'],
        ['new', 'x'],
      ],
      2,
    )
    expect(seen(keyspace)).toEqual({
      ...before,
      put: { createRevision: 1, modRevision: 2, version: 2, value: 'again' },
      new: { createRevision: 2, modRevision: 2, version: 1, value: 'x' },
    })
  })

  it('take no more memory when one key is put again and again', () => {
    const keyspace = new Keyspace()
    put(keyspace, 'key', 'before', 1)
    keyspace.begin()
    for (let i = 0; i < 5000; i++) put(keyspace, 'key', 'x'.repeat(4000), 2)
    expect(keyspace.bytes).toBeLessThan(4 * 2 ** 20)
    keyspace.takeBackChanges()
    expect(keyspace.find('key')).toMatchObject({ modRevision: 1, version: 1 })
  })

  it('are those since the last beginning', () => {
    const { keyspace } = begun()
    keyspace.keepChanges()
    keyspace.begin()
    put(keyspace, 'new', 'v2', 3)
    keyspace.delete('put')
    keyspace.takeBackChanges()
    expect(seen(keyspace)).toEqual(after)
    put(keyspace, 'new', 'for good', 3)
    expect(keyspace.find('new')).toMatchObject({ createRevision: 2, modRevision: 3, version: 2 })
  })

  it.each(['keepChanges', 'takeBackChanges'] as const)('leave nothing behind with %s', (end) => {
    const keyspace = new Keyspace()
    for (let i = 0; i < 20; i++) put(keyspace, `key-${i}`, 'x'.repeat(4000), 1)
    const before = keyspace.bytes
    for (let round = 0; round < 500; round++) {
      keyspace.begin()
      for (let i = 0; i < 20; i++) {
        put(keyspace, `key-${i}`, 'y'.repeat(4000), 2)
        put(keyspace, `new-${i}`, 'y'.repeat(4000), 2)
        keyspace.delete(`new-${i}`)
      }
      keyspace[end]()
      keyspace.tidy()
    }
    expect(keyspace.size).toBe(20)
    expect(keyspace.bytes - before).toBeLessThan(4 * 2 ** 20)
  })
})
