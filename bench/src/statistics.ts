/** The middle one, or the mean of the two in the middle. @throws RangeError for no values */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const upper = sorted[sorted.length >> 1]
  const lower = sorted[(sorted.length - 1) >> 1]
  if (upper === undefined || lower === undefined) throw new RangeError('there is no median of no values')
  return (lower + upper) / 2
}

/** Three significant digits at least, and no more than can be read: 1234567 is '1,234,567', 0.012345 is '0.0123'. */
export function rounded(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en')
  return Number(value.toPrecision(3)).toString()
}

/** The median, and in brackets the least and the most when there are several. */
export function spread(values: readonly number[]): string {
  const middle = rounded(median(values))
  return values.length === 1 ? middle : `${middle} (${rounded(Math.min(...values))} to ${rounded(Math.max(...values))})`
}
