import type { EntryBatch, Transition } from '../../src/index.js'
import type { ConfirmedRead, Fetch, NumberedWrite, Outgoing, State } from '../../src/state-index.js'
import { type Disk, type DiskEntry, textOf } from './disk.js'

const keysInMemory = new WeakMap<EntryBatch, string[]>()
const keysOnDisk = new WeakMap<DiskEntry, string>()

/** Put together once for each entry, as the oracle asks after every step: batches never change. */
function keyInBatch(batch: EntryBatch, index: number): string {
  const keys = keysInMemory.get(batch) ?? []
  keysInMemory.set(batch, keys)
  const place = index - batch.firstIndex
  keys[place] ??= `${batch.term(index)}/${batch.kind(index)}/${textOf(batch.payload(index))}`
  return keys[place]
}

/** Nor do entries on a disk. */
function keyOnDisk(entry: DiskEntry): string {
  const key = keysOnDisk.get(entry) ?? `${entry.term}/${entry.kind}/${textOf(entry.payload)}`
  keysOnDisk.set(entry, key)
  return key
}

/** One scripted member: its State, its disk, and what is under way between them. */
export class Member {
  readonly id: string
  readonly disk: Disk
  state!: State
  incarnation = 0
  up = true
  /** Its writes are not completed by `settle`. */
  hung = false
  inFlight: NumberedWrite | null = null
  completedWrite = 0
  held: Outgoing[] = []
  reads: Fetch[] = []
  applying: EntryBatch | null = null
  seed = 1
  checkedCommit = 0
  readonly applied: string[] = []
  readonly confirmed: ConfirmedRead[] = []
  readonly transitions: Transition[] = []

  constructor(id: string, disk: Disk) {
    this.id = id
    this.disk = disk
  }

  /** mulberry32; the seed is a field so that a fork can be given the same numbers. */
  readonly random = (): number => {
    this.seed = (this.seed + 0x6d2b79f5) | 0
    let t = Math.imul(this.seed ^ (this.seed >>> 15), 1 | this.seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000
  }

  /** Term, kind and payload of an entry. */
  key(index: number): string {
    const batch = this.state.log.window.find((one) => one.has(index))
    if (batch !== undefined) return keyInBatch(batch, index)
    const entry = this.disk.at(index)
    return entry === undefined ? 'missing' : keyOnDisk(entry)
  }

  keys(): string[] {
    const { baseIndex, lastIndex } = this.state.log
    return Array.from({ length: lastIndex - baseIndex }, (_, i) => this.key(baseIndex + 1 + i))
  }

  /** The terms of all its entries. */
  get terms(): number[] {
    const { log } = this.state
    return Array.from({ length: log.lastIndex - log.baseIndex }, (_, i) => log.term(log.baseIndex + 1 + i))
  }
}
