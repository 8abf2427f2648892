/** Maximum number of ranges that are remembered. Those that are forgotten were acknowledged many times over. */
const MAX_RANGES = 64

/** Which datagrams arrived, for acknowledgements: ranges from the newest down. */
export class ReceivedRanges {
  /** Both ends included; descending, with gaps between. */
  readonly ranges: { first: number; last: number }[] = []

  add(counter: number): void {
    const ranges = this.ranges
    let i = 0
    for (; i < ranges.length; i++) {
      const range = ranges[i] as { first: number; last: number }
      if (counter > range.last + 1) break
      if (counter === range.last + 1) {
        range.last = counter
        return
      }
      if (counter >= range.first) return
      if (counter === range.first - 1) {
        range.first = counter
        this.#join(i)
        return
      }
    }
    ranges.splice(i, 0, { first: counter, last: counter })
    if (ranges.length > MAX_RANGES) ranges.pop()
  }

  /** Joins range `i` with the older one behind it, where they touch. */
  #join(i: number): void {
    const newer = this.ranges[i]
    const older = this.ranges[i + 1]
    if (newer === undefined || older === undefined || older.last + 1 < newer.first) return
    newer.first = older.first
    this.ranges.splice(i + 1, 1)
  }
}
