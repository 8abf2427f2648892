import { expect, test } from 'vitest'
import { type Place, ValueMemory } from '../src/value-memory.js'

const nowhere = (): Place => ({ memory: new Uint8Array(0), start: 0, length: 0, room: 0 })
const at = ({ memory, start, length }: Place) => Buffer.from(memory.subarray(start, start + length)).toString()
const put = (memory: ValueMemory, value: string, place: Place, how: 'copy' | 'replace') =>
  memory[how](Buffer.from(`<${value}>`), 1, 1 + value.length, place)

test('values are copied, small ones side by side and large ones into memory of their own', () => {
  const memory = new ValueMemory()
  const [first, second, large] = [nowhere(), nowhere(), nowhere()]
  put(memory, 'one', first, 'copy')
  put(memory, 'two', second, 'copy')
  put(memory, 'l'.repeat(1025), large, 'copy')
  expect([at(first), at(second), at(large)]).toEqual(['one', 'two', 'l'.repeat(1025)])
  expect(first.memory).toBe(second.memory)
  expect(large.memory.buffer.byteLength).toBe(1025)
})

test('a value is written over the one before where it fits, and over no other', () => {
  const memory = new ValueMemory()
  const [first, second] = [nowhere(), nowhere()]
  put(memory, '12345', first, 'copy')
  put(memory, 'neighbour', second, 'copy')
  const { memory: slab, start } = first
  for (const value of ['abcde', '', 'ab', 'vwxyz']) {
    put(memory, value, first, 'replace')
    expect([at(first), first.memory, first.start]).toEqual([value, slab, start])
  }
  put(memory, 'longer', first, 'replace')
  expect(at(first)).toBe('longer')
  expect(first.start).not.toBe(start)
  expect(at(second)).toBe('neighbour')
})

test('a small value does not keep the memory of a large one', () => {
  const memory = new ValueMemory()
  const place = nowhere()
  put(memory, 'l'.repeat(100_000), place, 'copy')
  const large = place.memory
  put(memory, 'm'.repeat(50_000), place, 'replace')
  expect(place.memory).toBe(large)
  put(memory, 's'.repeat(49_999), place, 'replace')
  expect(place.memory).not.toBe(large)
  expect(place.memory.buffer.byteLength).toBe(49_999)
  expect(at(place)).toBe('s'.repeat(49_999))
})
