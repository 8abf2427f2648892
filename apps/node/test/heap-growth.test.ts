import { expect, test } from 'vitest'
import { growthPercent } from '../src/heap-growth.js'

const MIB = 2 ** 20

test('a small heap may grow by 256 MiB, and a large one as V8 thinks best', () => {
  expect(growthPercent(16 * MIB)).toBe(1600)
  expect(growthPercent(255 * MIB)).toBe(101)
  expect(growthPercent(256 * MIB)).toBe(0)
  expect(growthPercent(2048 * MIB)).toBe(0)
})
