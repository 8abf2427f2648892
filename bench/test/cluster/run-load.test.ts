import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js'
import { describe, expect, test } from 'vitest'
import type { LoadResult } from '../../src/cluster/load-plan.js'
import { share, sumUp } from '../../src/cluster/run-load.js'

function resultOf(latencies: readonly number[], more: Partial<LoadResult> = {}): LoadResult {
  const histogram = build()
  for (const latency of latencies) histogram.recordValue(latency)
  return {
    operations: latencies.length,
    failures: [],
    seconds: 2,
    processorTime: 1000,
    latencies: encodeIntoCompressedBase64(histogram),
    ...more,
  }
}

describe('what several processes of load have seen', () => {
  test('is one histogram, and the sum of their rates', () => {
    const outcome = sumUp([resultOf([100, 100, 100]), resultOf([900], { seconds: 1, processorTime: 3000 })])
    expect(outcome.operations).toBe(4)
    expect(outcome.rate).toBe(3 / 2 + 1)
    expect(outcome.processorTime).toBe(1000)
    expect(outcome.latencies.totalCount).toBe(4)
    expect(outcome.latencies.getValueAtPercentile(50)).toBe(100)
    expect(outcome.latencies.getValueAtPercentile(100)).toBe(900)
  })

  test('is nothing when an operation failed', () => {
    expect(() => sumUp([resultOf([1]), resultOf([1], { failures: ['no leader'] })])).toThrow('no leader')
  })
})

describe('the share of a process', () => {
  const plan = { target: 'raft', addresses: [], valueBytes: 1, readShare: 0, keys: 1 } as const

  test('adds up to all that shall be outstanding', () => {
    const shares = [0, 1, 2].map((process) => share({ ...plan, outstanding: 10, rate: null }, process, 3))
    expect(shares.map(({ outstanding }) => outstanding)).toEqual([4, 3, 3])
    expect(shares.map(({ process }) => process)).toEqual([0, 1, 2])
  })

  test('adds up to the rate', () => {
    expect(share({ ...plan, outstanding: 1, rate: 1000 }, 0, 2).rate).toBe(500)
  })
})
