/** Which bytes of a message have arrived. Pieces come in any order, more than once, and cut in other places when they are sent again. */
export class ByteRanges {
  /** Ascending, with gaps between. */
  readonly #starts: number[] = []
  /** The first byte behind each range, in the order of the starts. */
  readonly #ends: number[] = []

  /** Takes in the bytes from `start` up to but not including `end`. Returns how many of them are new. */
  add(start: number, end: number): number {
    const first = this.#firstThatEndsAt(start)
    let [from, to, known, last] = [start, end, 0, first]
    for (; last < this.#starts.length && (this.#starts[last] as number) <= end; last++) {
      const [rangeStart, rangeEnd] = [this.#starts[last] as number, this.#ends[last] as number]
      known += Math.max(0, Math.min(end, rangeEnd) - Math.max(start, rangeStart))
      from = Math.min(from, rangeStart)
      to = Math.max(to, rangeEnd)
    }
    this.#starts.splice(first, last - first, from)
    this.#ends.splice(first, last - first, to)
    return end - start - known
  }

  /** The place of the first range that ends at `byte` or behind it: none before it touches what begins there. */
  #firstThatEndsAt(byte: number): number {
    let low = 0
    let high = this.#ends.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#ends[middle] as number) < byte) low = middle + 1
      else high = middle
    }
    return low
  }
}
