import { Histogram, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { LatencyHistogram } from '../src/metrics/latency-histogram.js'

const BOUNDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

test("a registry exports it as it does prom-client's own", async () => {
  const ours = new Registry()
  const theirs = new Registry()
  const histogram = new LatencyHistogram('seconds', 'How long.', ours)
  const reference = new Histogram({ name: 'seconds', help: 'How long.', registers: [theirs], buckets: BOUNDS })
  expect(await ours.metrics()).toBe(await theirs.metrics())
  // On the bounds, beside them, and beyond the last.
  for (const seconds of [...BOUNDS, ...BOUNDS.map((bound) => bound * 1.01), ...BOUNDS.map((bound) => bound * 0.99), 0, 60]) {
    histogram.observe(seconds * 1000)
    reference.observe((seconds * 1000) / 1000)
  }
  expect(await ours.metrics()).toBe(await theirs.metrics())
})
