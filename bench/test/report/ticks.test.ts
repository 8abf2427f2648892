import { expect, test } from 'vitest'
import { axisOf, axisOfConditions } from '../../src/report/ticks.js'

test('values within a factor of twenty are drawn from 0, on steps that are easily read', () => {
  expect(axisOf([130, 610])).toEqual({ type: 'linear', domain: [0, 800], ticks: [0, 200, 400, 600, 800] })
  expect(axisOf([0.1, 0.3]).ticks).toEqual([0, 0.1, 0.2, 0.3])
})

test('values further apart are drawn on a logarithmic axis that holds them all', () => {
  expect(axisOf([380, 86_000])).toEqual({ type: 'log', domain: [200, 100_000], ticks: [1000, 10_000, 100_000] })
  expect(axisOf([1.2, 45])).toEqual({ type: 'log', domain: [1, 50], ticks: [1, 2, 5, 10, 20, 50] })
})

test('there is no logarithm of 0: an axis that holds it is linear', () => {
  expect(axisOf([0, 1000]).type).toBe('linear')
  expect(axisOfConditions([0, 50, 90]).type).toBe('linear')
})

test('values that are all 0 have an axis too', () => {
  expect(axisOf([0, 0])).toEqual({ type: 'linear', domain: [0, 1], ticks: [0, 1] })
})

test('conditions are named as they were chosen, but for those that would touch, and the last always', () => {
  expect(axisOfConditions([7, 3, 5, 3])).toEqual({ type: 'linear', domain: [3, 7], ticks: [3, 5, 7] })
  expect(axisOfConditions([1, 4, 16, 64]).type).toBe('log')
  expect(axisOfConditions([1000, 3000, 10_000, 30_000, 60_000, 90_000]).ticks).toEqual([1000, 3000, 10_000, 30_000, 90_000])
})
