import { expect, it } from 'vitest'
import { Prng } from '../../src/index.js'
import { corrupted } from '../../src/network/corruption.js'
import { equal } from './support.js'

it('corrupted bytes are flipped, cut short, made longer or others altogether, and never as they were', () => {
  const random = new Prng(1)
  let [flipped, cut, longer] = [0, 0, 0]
  for (const length of [0, 1, 2, 40, 300]) {
    const bytes = random.bytes(length)
    const before = bytes.slice()
    for (let i = 0; i < 1000; i++) {
      const arriving = corrupted(bytes, random)
      expect(equal(arriving, bytes)).toBe(false)
      const isPrefix = arriving.every((byte, at) => at >= length || byte === bytes[at])
      if (length < 40) continue
      if (arriving.length === length) flipped += 1
      else if (arriving.length > length) longer += isPrefix ? 1 : 0
      else if (arriving.length > 5 && isPrefix) cut += 1
    }
    expect(bytes).toEqual(before)
  }
  expect(flipped).toBeGreaterThan(1000)
  expect(cut).toBeGreaterThan(100)
  expect(longer).toBeGreaterThan(100)
})
