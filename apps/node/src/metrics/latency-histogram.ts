import type { Histogram, Registry } from 'prom-client'

/** Seconds: from a fast disk's sync to a stalled cluster's timeout. */
const UPPER_BOUNDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/**
 * A histogram of latencies in a registry of prom-client. The library's own looks up labels and buckets by name with each
 * observation: a tenth of a leader's time when there is one for each write.
 */
export class LatencyHistogram {
  readonly name: string
  readonly #help: string
  /** Of each bucket, not cumulated; the last has no bound. */
  readonly #counts = new Float64Array(UPPER_BOUNDS.length + 1)
  #sum = 0

  constructor(name: string, help: string, registry: Registry) {
    this.name = name
    this.#help = help
    // The registry asks for the name and for `get`.
    registry.registerMetric(this as unknown as Histogram)
  }

  observe(milliseconds: number): void {
    const seconds = milliseconds / 1000
    let bucket = 0
    while (bucket < UPPER_BOUNDS.length && seconds > (UPPER_BOUNDS[bucket] as number)) bucket += 1
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1
    this.#sum += seconds
  }

  /** As the registry exports it. */
  async get(): Promise<object> {
    const values: object[] = []
    let count = 0
    this.#counts.forEach((inBucket, i) => {
      count += inBucket
      values.push({ metricName: `${this.name}_bucket`, labels: { le: UPPER_BOUNDS[i] ?? '+Inf' }, value: count })
    })
    values.push({ metricName: `${this.name}_sum`, labels: {}, value: this.#sum })
    values.push({ metricName: `${this.name}_count`, labels: {}, value: count })
    return { name: this.name, help: this.#help, type: 'histogram', aggregator: 'sum', values }
  }
}
