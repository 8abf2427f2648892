/** Of sorted numbers, the one below which this share of them lies. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

export interface Distribution {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

/** @throws Error where there is nothing to describe */
export function distributionOf(values: readonly number[]): Distribution {
  if (values.length === 0) throw new Error('a distribution of no values')
  const sorted = [...values].sort((a, b) => a - b)
  return { p50: quantile(sorted, 0.5), p90: quantile(sorted, 0.9), p99: quantile(sorted, 0.99), max: sorted.at(-1) ?? Number.NaN }
}
