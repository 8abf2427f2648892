import { build } from 'hdr-histogram-js'
import { expect, test } from 'vitest'
import { LatencyRecorder } from '../../src/cluster/latency-recorder.js'

test('its histogram is the one that each latency alone would have made, to a thousandth', () => {
  const recorder = new LatencyRecorder()
  const reference = build({ lowestDiscernibleValue: 1, highestTrackableValue: 600_000_000, numberOfSignificantValueDigits: 3 })
  recorder.record(5)
  recorder.reset()
  for (let value = 1; value < 500_000_000; value = value * 1.013 + 0.37) {
    recorder.record(value)
    reference.recordValue(Math.round(value))
  }
  const histogram = recorder.toHistogram()
  expect(histogram.totalCount).toBe(reference.totalCount)
  for (let percentile = 0; percentile <= 100; percentile += 0.5) {
    const expected = reference.getValueAtPercentile(percentile)
    expect(Math.abs(histogram.getValueAtPercentile(percentile) - expected)).toBeLessThanOrEqual(expected / 1000 + 1)
  }
})

test('what is shorter than a microsecond or longer than ten minutes counts as that', () => {
  const recorder = new LatencyRecorder()
  for (const latency of [0, 0.2, 1e12]) recorder.record(latency)
  const histogram = recorder.toHistogram()
  expect([histogram.totalCount, histogram.minNonZeroValue]).toEqual([3, 1])
  expect(histogram.maxValue).toBeGreaterThan(599_000_000)
})
