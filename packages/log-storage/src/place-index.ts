/** Where a piece of entries lies. */
export interface Place {
  readonly firstIndex: number
  readonly segment: number
  /** In bytes, in the segment's file. */
  readonly offset: number
  readonly length: number
  readonly checksum: number
}

const FIRST_CAPACITY = 256

/**
 * Where the entries lie, by 28 bytes a piece and none an entry; payloads stay on the disk. Pieces ascend without gaps: each
 * ends where the next begins. Indexes are numbers of 53 bits, and so are offsets.
 */
export class PlaceIndex {
  #count = 0
  #truncations = 0
  #firstIndexes = new Float64Array(FIRST_CAPACITY)
  #offsets = new Float64Array(FIRST_CAPACITY)
  #segments = new Uint32Array(FIRST_CAPACITY)
  #lengths = new Uint32Array(FIRST_CAPACITY)
  #checksums = new Uint32Array(FIRST_CAPACITY)

  get count(): number {
    return this.#count
  }

  /** How often entries were forgotten. */
  get truncations(): number {
    return this.#truncations
  }

  add(firstIndex: number, segment: number, offset: number, length: number, checksum: number): void {
    if (this.#count === this.#firstIndexes.length) this.#grow()
    const at = this.#count
    this.#firstIndexes[at] = firstIndex
    this.#offsets[at] = offset
    this.#segments[at] = segment
    this.#lengths[at] = length
    this.#checksums[at] = checksum
    this.#count += 1
  }

  /** Forgets the entries from `index` on. A piece that begins before it stays, and holds more than is counted. */
  truncate(index: number): void {
    this.#truncations += 1
    while (this.#count > 0 && (this.#firstIndexes[this.#count - 1] as number) >= index) this.#count -= 1
  }

  /** Which piece holds the entry of this index, if any does. */
  find(index: number): number {
    let low = 0
    let high = this.#count - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if ((this.#firstIndexes[middle] as number) <= index) low = middle
      else high = middle - 1
    }
    return low
  }

  at(position: number): Place {
    return {
      firstIndex: this.#firstIndexes[position] as number,
      segment: this.#segments[position] as number,
      offset: this.#offsets[position] as number,
      length: this.#lengths[position] as number,
      checksum: this.#checksums[position] as number,
    }
  }

  /** The first index of the piece behind this one; Infinity behind the last. */
  endOf(position: number): number {
    return position + 1 < this.#count ? (this.#firstIndexes[position + 1] as number) : Number.POSITIVE_INFINITY
  }

  #grow(): void {
    const capacity = this.#count * 2
    const grown = <T extends { set(other: T): void }>(bigger: T, old: T): T => {
      bigger.set(old)
      return bigger
    }
    this.#firstIndexes = grown(new Float64Array(capacity), this.#firstIndexes)
    this.#offsets = grown(new Float64Array(capacity), this.#offsets)
    this.#segments = grown(new Uint32Array(capacity), this.#segments)
    this.#lengths = grown(new Uint32Array(capacity), this.#lengths)
    this.#checksums = grown(new Uint32Array(capacity), this.#checksums)
  }
}
