import { describe, expect, it, test } from 'vitest'
import { Keyspace } from '../src/keyspace.js'
import { type Place, ValueMemory, viewOf } from '../src/value-memory.js'
import { growthOf } from './garbage.js'

const view = ({ buffer, byteOffset, length }: Uint8Array) => new DataView(buffer, byteOffset, length)
const nowhere = (): Place => ({ memory: view(new Uint8Array(0)), start: 0, length: 0, room: 0 })
const at = ({ memory, start, length }: Place) => Buffer.from(viewOf(memory, start, length)).toString()
const put = (memory: ValueMemory, value: string, place: Place) =>
  memory.replace(view(Buffer.from(`<${value}>`)), 1, 1 + value.length, place)

test('values are copied, small ones side by side and large ones into memory of their own', () => {
  const memory = new ValueMemory()
  for (const ofNewKeys of [true, false]) {
    const [first, second, large] = [nowhere(), nowhere(), nowhere()]
    for (const [i, [value, place]] of (
      [
        ['one', first],
        ['two', second],
        ['l'.repeat(1025), large],
      ] as const
    ).entries()) {
      if (ofNewKeys) memory.reserve(value.length, place, i + 1)
      put(memory, value, place)
    }
    expect([at(first), at(second), at(large)]).toEqual(['one', 'two', 'l'.repeat(1025)])
    expect(first.memory).toBe(second.memory)
    expect(large.memory.buffer.byteLength).toBe(1025)
  }
})

test('a value is written over the one before where it fits, and over no other', () => {
  const memory = new ValueMemory()
  const [first, second] = [nowhere(), nowhere()]
  put(memory, '12345', first)
  put(memory, 'neighbour', second)
  const { memory: slab, start } = first
  for (const value of ['abcde', '', 'ab', 'vwxyz']) {
    put(memory, value, first)
    expect([at(first), first.memory, first.start]).toEqual([value, slab, start])
  }
  put(memory, 'longer', first)
  expect(at(first)).toBe('longer')
  expect(first.start).not.toBe(start)
  expect(at(second)).toBe('neighbour')
})

test('a small value does not keep the memory of a large one', () => {
  const memory = new ValueMemory()
  const place = nowhere()
  put(memory, 'l'.repeat(100_000), place)
  const large = place.memory
  put(memory, 'm'.repeat(50_000), place)
  expect(place.memory).toBe(large)
  put(memory, 's'.repeat(49_999), place)
  expect(place.memory).not.toBe(large)
  expect(place.memory.buffer.byteLength).toBe(49_999)
  expect(at(place)).toBe('s'.repeat(49_999))
})

test('a value of any length is copied whole from anywhere, and nothing behind it', () => {
  const memory = new ValueMemory()
  const source = Buffer.from(Array.from({ length: 1200 }, (_, i) => (i * 7) % 256))
  const lengths = [...Array.from({ length: 40 }, (_, i) => i), 127, 128, 255, 510, 511, 512, 513, 514, 515, 1023, 1024, 1025]
  for (const length of lengths) {
    const [place, next] = [nowhere(), nowhere()]
    for (const each of [place, next]) memory.replace(view(source), 1, 1 + length, each)
    memory.replace(view(source), 3, 3 + length, place)
    expect(Buffer.compare(viewOf(place.memory, place.start, place.length), source.subarray(3, 3 + length))).toBe(0)
    expect(Buffer.compare(viewOf(next.memory, next.start, next.length), source.subarray(1, 1 + length))).toBe(0)
  }
})

test('a value without bytes lies where there is one, which may be read ahead', () => {
  const memory = new ValueMemory()
  for (let i = 0; i < 8; i++) put(memory, 'x'.repeat(1024), nowhere())
  const place = nowhere()
  put(memory, 'l'.repeat(2000), place)
  put(memory, '', place)
  expect(place.start).toBeLessThan(place.memory.byteLength)
})

test('V8 counts the memory of all values but the small ones of new keys', () => {
  const kept: Place[] = []
  const countedOf = (valueBytes: number, ofNewKeys: boolean) => {
    const memory = new ValueMemory()
    const value = view(Buffer.alloc(valueBytes))
    return growthOf(() => {
      for (let put = 0; put < (20 * 2 ** 20) / valueBytes; put++) {
        const place = nowhere()
        if (ofNewKeys) memory.reserve(valueBytes, place, put + 1)
        memory.replace(value, 0, valueBytes, place)
        kept.push(place)
      }
    })
  }
  expect(countedOf(1024, true)).toBeLessThan(5)
  expect(countedOf(2048, true)).toBeGreaterThan(15)
  expect(countedOf(1024, false)).toBeGreaterThan(15)
})

describe('of the values of a keyspace V8 counts', () => {
  const COUNT = 20_000
  const value = Buffer.alloc(1024)
  const putFrom = (keys: Keyspace, first: number) => () => {
    for (let key = first; key < first + COUNT; key++) keys.put(`key-${key}`, value, 1)
  }

  it('none of new keys, but all that a fork shares and so does not write over', () => {
    const keys = new Keyspace()
    expect(growthOf(putFrom(keys, 0))).toBeLessThan(5)
    const fork = keys.fork()
    expect(growthOf(putFrom(keys, 0))).toBeGreaterThan(15)
    expect(fork.size).toBe(COUNT)
  })

  it('none of a key that is put again, however long it is: its value is written over', () => {
    const keys = new Keyspace()
    const putAgain = () => {
      for (let i = 0; i < COUNT; i++) keys.put('k'.repeat(100), value, 1)
    }
    expect(growthOf(putAgain)).toBeLessThan(5)
  })

  it('those of new keys where there were as many before: what was deleted is to be freed', () => {
    const keys = new Keyspace()
    putFrom(keys, 0)()
    for (let key = 0; key < COUNT; key++) keys.delete(`key-${key}`)
    expect(growthOf(putFrom(keys, COUNT))).toBeGreaterThan(15)
    expect(growthOf(putFrom(keys, 2 * COUNT))).toBeLessThan(5)
  })

  it('those of new keys where a fork that was dropped had as many', () => {
    const keys = new Keyspace()
    putFrom(keys.fork(), 0)()
    expect(growthOf(putFrom(keys.fork(), 0))).toBeGreaterThan(15)
  })
})
