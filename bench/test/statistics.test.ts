import { expect, test } from 'vitest'
import { median, rounded, spread } from '../src/statistics.js'

test('the median of an odd number of values is the middle one, by size and not by name', () => {
  expect(median([100, 9, 20])).toBe(20)
  expect(median([7])).toBe(7)
})

test('the median of an even number of values is half way between the two in the middle', () => {
  expect(median([4, 1, 3, 100])).toBe(3.5)
})

test('the values stay in the order in which they were measured', () => {
  const values = [3, 1, 2]
  median(values)
  expect(values).toEqual([3, 1, 2])
})

test('there is no median of no values', () => {
  expect(() => median([])).toThrow(RangeError)
})

test('three significant digits are kept, and all that come before the point', () => {
  expect([1_234_567, 4096, 100, 99.96, 12.345, 0.012345, 0, -5.6789].map(rounded)).toEqual([
    '1,234,567',
    '4,096',
    '100',
    '100',
    '12.3',
    '0.0123',
    '0',
    '-5.68',
  ])
})

test('a spread is the median with the least and the most, and of a single value nothing but that', () => {
  expect(spread([3000, 1000, 2000])).toBe('2,000 (1,000 to 3,000)')
  expect(spread([1.5])).toBe('1.5')
})
