import { build, type Histogram } from 'hdr-histogram-js'

/** Latencies that differ by less than one in so many count as the same. */
const PRECISION_BITS = 10
const PRECISION = 2 ** PRECISION_BITS
const LONGEST = 600_000_000
const BUCKETS = bucketOf(LONGEST) + 1

/**
 * Collects latencies, in µs, for a histogram of hdr-histogram-js. The load shares the processors with what it measures: here a
 * latency costs an addition while the load runs, and the histogram is made when it has ended.
 */
export class LatencyRecorder {
  readonly #counts = new Float64Array(BUCKETS)

  record(microseconds: number): void {
    const bucket = bucketOf(Math.min(LONGEST, Math.max(1, Math.round(microseconds))))
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1
  }

  reset(): void {
    this.#counts.fill(0)
  }

  toHistogram(): Histogram {
    const histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: LONGEST, numberOfSignificantValueDigits: 3 })
    this.#counts.forEach((count, bucket) => {
      if (count > 0) histogram.recordValueWithCount(leastOf(bucket), count)
    })
    return histogram
  }
}

/** Each power of two is divided into as many buckets. */
function bucketOf(value: number): number {
  const shift = Math.max(0, 31 - PRECISION_BITS - Math.clz32(value))
  return shift * PRECISION + (value >>> shift)
}

/** The least value of a bucket. */
function leastOf(bucket: number): number {
  const shift = Math.max(0, (bucket >>> PRECISION_BITS) - 1)
  return (bucket - shift * PRECISION) * 2 ** shift
}
