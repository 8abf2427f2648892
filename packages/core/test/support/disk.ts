import { EntryBatch, EntryKind, type HardState, type LogWrite, type StoredLog, type TermRun } from '../../src/index.js'

export interface DiskEntry {
  readonly term: number
  readonly kind: number
  readonly payload: Uint8Array
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export const bytesOf = (text: string): Uint8Array => encoder.encode(text)
export const textOf = (bytes: Uint8Array): string => decoder.decode(bytes)

/** Entries of these terms from `firstIndex` on, each with a payload that only its index and term decide. */
export function entriesOfTerms(firstIndex: number, terms: readonly number[]): EntryBatch {
  if (terms.length === 0) return EntryBatch.empty(firstIndex)
  return EntryBatch.concat(
    terms.map((term, i) => EntryBatch.of(firstIndex + i, term, EntryKind.Command, [bytesOf(`${firstIndex + i}@${term}`)])),
  )
}

/** What survives a crash, in the plainest way that can be written down. */
export class Disk {
  hardState: HardState = { currentTerm: 0, votedFor: null }
  readonly baseIndex: number
  readonly baseTerm: number
  readonly #entries: DiskEntry[] = []

  constructor(baseIndex = 0, baseTerm = 0) {
    this.baseIndex = baseIndex
    this.baseTerm = baseTerm
  }

  get lastIndex(): number {
    return this.baseIndex + this.#entries.length
  }

  at(index: number): DiskEntry | undefined {
    return this.#entries[index - this.baseIndex - 1]
  }

  term(index: number): number {
    return index === this.baseIndex ? this.baseTerm : (this.at(index)?.term ?? -1)
  }

  write(write: LogWrite): void {
    if (write.hardState !== null) this.hardState = write.hardState
    for (const batch of write.entries) {
      if (batch.firstIndex <= this.baseIndex || batch.firstIndex > this.lastIndex + 1) throw new Error(`a write at ${batch.firstIndex}`)
      this.#entries.length = batch.firstIndex - this.baseIndex - 1
      for (let i = batch.firstIndex; i <= batch.lastIndex; i++) {
        this.#entries.push({ term: batch.term(i), kind: batch.kind(i), payload: batch.payload(i) })
      }
    }
  }

  read(from: number, to: number, maxBytes: number): EntryBatch {
    const parts: EntryBatch[] = []
    let bytes = 0
    for (let i = from; i <= Math.min(to, this.lastIndex); i++) {
      const { term, kind, payload } = this.at(i) as DiskEntry
      bytes += payload.length + 1
      if (parts.length > 0 && bytes > maxBytes) break
      parts.push(EntryBatch.of(i, term, kind, [payload]))
    }
    return parts.length === 0 ? EntryBatch.empty(from) : EntryBatch.concat(parts)
  }

  stored(): StoredLog {
    const runs: TermRun[] = []
    this.#entries.forEach((entry, i) => {
      if (runs.at(-1)?.term !== entry.term) runs.push({ firstIndex: this.baseIndex + i + 1, term: entry.term })
    })
    const { hardState, baseIndex, baseTerm, lastIndex } = this
    return { hardState, baseIndex, baseTerm, lastIndex, runs }
  }
}
