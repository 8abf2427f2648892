import { expect, test, vi } from 'vitest'
import { RecentKeys } from '../src/recent-keys.js'
import { NOWHERE } from '../src/records.js'

/** Of what is like the hash of a key; never 0. */
const hashOf = (i: number) => Math.imul(i + 1, 0x9e3779b1) ^ (Math.imul(i + 1, 0x85ebca6b) >>> 13) || 1

test('the address that was remembered last under a hash is found, until it is forgotten', () => {
  const recent = new RecentKeys()
  recent.remember(7, 100, 1)
  recent.remember(-7, -200, 2)
  recent.remember(7, 101, 2)
  expect([recent.find(7), recent.find(-7), recent.find(8)]).toEqual([101, -200, NOWHERE])
  recent.forget(7)
  recent.forget(8)
  expect([recent.find(7), recent.find(-7)]).toEqual([NOWHERE, -200])
})

test('what has moved is found where it is, unless another stands in its place', () => {
  const recent = new RecentKeys()
  recent.remember(7, 100, 1)
  recent.move(7, 100, 101)
  expect(recent.find(7)).toBe(101)
  recent.move(7, 100, 102)
  recent.move(8, 101, 103)
  expect([recent.find(7), recent.find(8)]).toEqual([101, NOWHERE])
})

test('more keys than there are places: most places are taken, and no key is found for another', () => {
  const recent = new RecentKeys()
  for (let i = 1; i <= 20_000; i++) recent.remember(hashOf(i), i, 1)
  let found = 0
  for (let i = 1; i <= 20_000; i++) {
    const address = recent.find(hashOf(i))
    expect([NOWHERE, i]).toContain(address)
    if (address === i) found += 1
  }
  expect(found).toBeGreaterThan(3900)
  expect(found).toBeLessThanOrEqual(4096)
})

test('of keys that share places, those that were used last are found', () => {
  const recent = new RecentKeys()
  for (let i = 1; i <= 20; i++) recent.remember(i, i, 1)
  expect(Array.from({ length: 20 }, (_, i) => recent.find(i + 1)).filter((address) => address !== NOWHERE)).toEqual([
    13, 14, 15, 16, 17, 18, 19, 20,
  ])
})

/** So many keys, each used once; and how many of them are remembered. */
function rememberOnce(count: number) {
  const recent = new RecentKeys()
  for (let i = 1; i <= count; i++) recent.remember(hashOf(i), i, i)
  const remembered = () => {
    let found = 0
    for (let i = 1; i <= count; i++) if (recent.find(hashOf(i)) === i) found += 1
    return found
  }
  return { recent, remembered }
}

/** The bytes of what is allocated meanwhile. */
function allocatedBy(run: () => void): number[] {
  const lengths: number[] = []
  const noting = new Proxy(SharedArrayBuffer, {
    construct: (target, [length]) => {
      lengths.push(length)
      return Reflect.construct(target, [length])
    },
  })
  vi.stubGlobal('SharedArrayBuffer', noting)
  run()
  vi.unstubAllGlobals()
  return lengths
}

test('with more keys more are remembered: what is is taken along, and there is no step in which memory for all of them is taken', () => {
  let remembered = () => 0
  const lengths = allocatedBy(() => {
    remembered = rememberOnce(270_000).remembered
  })
  expect(lengths).toEqual(Array(4).fill(64 * 32 * 1024))
  expect(remembered()).toBeGreaterThan(264_000)
  expect(rememberOnce(50_000).remembered()).toBeGreaterThan(49_000)
})

test('no key is found twice or for another while places are halved', () => {
  const recent = new RecentKeys()
  for (let i = 1; i <= 30_000; i++) {
    recent.remember(hashOf(i), i, i)
    // Some are forgotten, some move, long before and right before the piece that they are in is halved.
    const other = Math.imul(i, 7919) % i
    if (other > 0) {
      if (i % 3 === 0) recent.forget(hashOf(other))
      else recent.move(hashOf(other), other, other)
      if (i % 3 === 0) expect(recent.find(hashOf(other))).toBe(NOWHERE)
    }
  }
  for (let i = 1; i <= 30_000; i++) expect([NOWHERE, i]).toContain(recent.find(hashOf(i)))
})

test('the memory for keys has an end', () => {
  const recent = new RecentKeys(10)
  for (let i = 1; i <= 100_000; i++) recent.remember(hashOf(i), i, 1e9)
  let found = 0
  for (let i = 1; i <= 100_000; i++) if (recent.find(hashOf(i)) === i) found += 1
  expect(found).toBeGreaterThan(9.9 * 4096)
  expect(found).toBeLessThanOrEqual(10 * 4096)
})

test('many are found together as they are one by one', () => {
  const { recent } = rememberOnce(60_000)
  recent.forget(hashOf(7))
  const wanted = Int32Array.from([hashOf(70_000), ...Array.from({ length: 60 }, (_, i) => hashOf(i + 1)), hashOf(5)])
  const one = Array.from(wanted.subarray(0, 61), (hash) => recent.find(hash))
  recent.findAll(wanted, 61)
  expect(Array.from(wanted)).toEqual([...one, hashOf(5)])
  expect([one[0], one[1], one[7]]).toEqual([NOWHERE, 1, NOWHERE])
})
