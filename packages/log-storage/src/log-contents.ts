import type { HardState, Reader, TermRun } from '@raft/core'
import { PlaceIndex } from './place-index.js'
import type { Piece } from './write-format.js'

/** What the writes read so far amount to, while a directory is opened. */
export class LogContents {
  readonly baseIndex: number
  readonly baseTerm: number
  readonly places = new PlaceIndex()
  readonly runs: TermRun[] = []
  lastIndex: number
  hardState: HardState = { currentTerm: 0, votedFor: null }

  constructor(baseIndex: number, baseTerm: number) {
    this.baseIndex = baseIndex
    this.baseTerm = baseTerm
    this.lastIndex = baseIndex
  }

  /** Takes a checked piece, to be read now and lying at `offset` of the segment's file; says what is wrong with it, or null. */
  add(reader: Reader, segment: number, offset: number, { length, checksum }: Piece): string | null {
    const firstIndex = reader.u64()
    const count = reader.u32()
    const runCount = reader.u32()
    reader.u32()
    if (firstIndex <= this.baseIndex || firstIndex > this.lastIndex + 1)
      return `entries from ${firstIndex} on, behind a log that holds ${this.baseIndex + 1} to ${this.lastIndex}`
    if (firstIndex <= this.lastIndex) this.#truncate(firstIndex)
    let index = firstIndex
    for (let i = 0; i < runCount; i++) {
      const term = reader.u64()
      const last = this.runs.at(-1)
      if (term < (last?.term ?? this.baseTerm)) return `an entry ${index} of term ${term} behind a later one`
      if (last?.term !== term) this.runs.push({ firstIndex: index, term })
      index += reader.u32()
    }
    this.places.add(firstIndex, segment, offset, length, checksum)
    this.lastIndex = firstIndex + count - 1
    return null
  }

  #truncate(firstIndex: number): void {
    this.places.truncate(firstIndex)
    while ((this.runs.at(-1)?.firstIndex ?? 0) >= firstIndex) this.runs.pop()
  }
}
