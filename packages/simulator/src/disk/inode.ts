import type { Prng } from '../world/prng.js'
import type { Losses } from './losses.js'
import { SparseBytes } from './sparse-bytes.js'

const SECTOR = 512
/** The system writes back by itself, the oldest first, what nobody asked it to. */
const MOST_UNSYNCED = 64

/** A write that is not durable: all, a part or nothing of it may be on the disk. */
export interface UnsyncedWrite {
  readonly number: number
  readonly from: number
  readonly to: number
  /** What was there before; null for zeros. */
  readonly before: Uint8Array | null
  /** What the process asked for, as long as not all of it has been taken; null afterwards. */
  source: Uint8Array | null
  /** It failed: readers may see it, but no sync will store it. */
  isLost: boolean
}

/** How far a file had come: the last change, and the size in bytes. */
export interface Present {
  readonly number: number
  readonly size: number
}

/** A file, whatever its names: the bytes that readers see, and how to go back to what a loss of power leaves of them. */
export class Inode {
  #bytes = new SparseBytes()
  #size = 0
  #durableSize = 0
  #number = 0
  /** Oldest first. */
  #unsynced: UnsyncedWrite[] = []
  /** As it was before it was emptied, by which change, while that is not durable. */
  #emptied: { readonly inode: Inode; readonly number: number } | null = null

  /** In bytes, as readers see it. */
  get size(): number {
    return this.#size
  }

  /** What a sync that begins now is asked to store. */
  get present(): Present {
    return { number: this.#number, size: this.#size }
  }

  /** Fills `target`, as far as the file goes; tells how far. */
  read(target: Uint8Array, position: number): number {
    const count = Math.max(0, Math.min(target.length, this.#size - position))
    this.#bytes.read(target.subarray(0, count), position)
    return count
  }

  /** Begins to write: `taken` bytes are seen at once. */
  begin(source: Uint8Array, position: number, taken: number): UnsyncedWrite {
    const to = position + source.length
    // The system lets one write at a time into a file: what is under way goes before.
    for (const other of this.#unsynced) this.#takeAll(other)
    const before = this.#bytes.copy(position, to)
    this.#number += 1
    const write: UnsyncedWrite = { number: this.#number, from: position, to, before, source, isLost: false }
    this.#unsynced.push(write)
    if (this.#unsynced.length > MOST_UNSYNCED) this.#writeBack()
    this.#take(source.subarray(0, taken), position)
    return write
  }

  /** The write has been done, and is durable. */
  complete(write: UnsyncedWrite): void {
    this.#takeAll(write)
    this.#store(write)
  }

  /** The write has failed after `taken` bytes. */
  fail(write: UnsyncedWrite, taken: number): void {
    if (write.source !== null) this.#take(write.source.subarray(0, taken), write.from)
    write.source = null
    write.isLost = true
  }

  /** What was there when `present` was this is durable, but for what has failed. */
  sync(present: Present): void {
    for (const write of [...this.#unsynced])
      if (!write.isLost && write.source === null && write.number <= present.number) this.#store(write)
    if (present.number < (this.#emptied?.number ?? 0)) return
    this.#emptied = null
    this.#durableSize = Math.max(this.#durableSize, Math.min(present.size, this.#size))
  }

  /** A sync has failed: the system counts as stored what it could not store. */
  failSync(): void {
    for (const write of this.#unsynced) if (write.source === null) write.isLost = true
  }

  empty(): void {
    if (this.#size === 0) return
    const old = new Inode()
    old.#bytes = this.#bytes
    old.#size = this.#size
    old.#durableSize = this.#durableSize
    old.#unsynced = this.#unsynced
    this.#number += 1
    this.#emptied = { inode: this.#emptied?.inode ?? old, number: this.#number }
    this.#bytes = new SparseBytes()
    this.#size = 0
    this.#durableSize = 0
    this.#unsynced = []
  }

  /** The writer is gone: what it had not handed over never comes. Pages that were not stored may be read anew from the disk. */
  kill(random: Prng, losses: Losses): void {
    for (const write of this.#unsynced) write.source = null
    if (this.#emptied !== null) for (const write of this.#emptied.inode.#unsynced) write.source = null
    if (this.#unsynced.length > 0 && this.#unsynced.every((write) => write.isLost) && random.chance(0.5)) this.#forget(random, losses)
  }

  /** The power is lost. */
  crash(random: Prng, losses: Losses): void {
    const emptied = this.#emptied?.inode ?? null
    this.#emptied = null
    if (emptied !== null && random.chance(0.5)) {
      this.#bytes = emptied.#bytes
      this.#size = emptied.#size
      this.#durableSize = emptied.#durableSize
      this.#unsynced = emptied.#unsynced
    }
    if (this.#unsynced.length > 0 || this.#size !== this.#durableSize) this.#forget(random, losses)
  }

  /** Other bytes, durable, whoever asked for them. */
  replace(bytes: Uint8Array): void {
    this.#bytes = new SparseBytes()
    this.#bytes.write(bytes, 0)
    this.#size = bytes.length
    this.#durableSize = bytes.length
    this.#unsynced = []
    this.#emptied = null
  }

  /** A bit changes by itself. */
  flip(position: number, bit: number): void {
    const byte = new Uint8Array(1)
    this.#bytes.read(byte, position)
    byte[0] = (byte[0] as number) ^ (1 << bit)
    this.#bytes.write(byte, position)
  }

  #take(bytes: Uint8Array, position: number): void {
    if (bytes.length === 0) return
    this.#bytes.write(bytes, position)
    this.#size = Math.max(this.#size, position + bytes.length)
  }

  #takeAll(write: UnsyncedWrite): void {
    if (write.source !== null) this.#take(write.source, write.from)
    write.source = null
  }

  /** The sectors that it touches are durable as they are, whatever else was written to them. */
  #store(write: UnsyncedWrite): void {
    if (write.number > (this.#emptied?.number ?? 0)) this.#emptied = null
    this.#durableSize = Math.max(this.#durableSize, Math.min(write.to, this.#size))
    if (this.#unsynced.length === 1 && this.#unsynced[0] === write) {
      this.#unsynced.pop()
      return
    }
    const from = Math.floor(write.from / SECTOR) * SECTOR
    const to = Math.ceil(write.to / SECTOR) * SECTOR
    this.#unsynced = this.#unsynced.flatMap((other) => (other === write ? [] : outside(other, from, to)))
  }

  #writeBack(): void {
    const oldest = this.#unsynced.find((write) => write.source === null)
    if (oldest !== undefined) this.#store(oldest)
  }

  /** Back to what the disk holds: any part of what was not durable, sector by sector. */
  #forget(random: Prng, losses: Losses): void {
    for (const write of this.#unsynced) this.#takeAll(write)
    const sizes = [this.#durableSize, this.#size, ...this.#unsynced.map(({ to }) => Math.min(Math.max(to, this.#durableSize), this.#size))]
    const decided = new Set<number>()
    for (const write of this.#unsynced.toReversed()) this.#undo(write, decided, random, losses)
    const size = random.pick(sizes)
    if (size < this.#size) losses['lost size'] += 1
    this.#bytes.cut(size)
    this.#size = size
    this.#durableSize = size
    this.#unsynced = []
  }

  #undo(write: UnsyncedWrite, decided: Set<number>, random: Prng, losses: Losses): void {
    const first = Math.floor(write.from / SECTOR)
    const count = Math.ceil(write.to / SECTOR) - first
    const isKept = chooseSectors(count, random)
    for (let i = 0; i < count; i++) {
      const sector = first + i
      if (decided.has(sector)) continue
      const from = Math.max(write.from, sector * SECTOR)
      const to = Math.min(write.to, (sector + 1) * SECTOR)
      if (!isKept(i)) {
        losses['lost sector'] += 1
        this.#restore(write, from, to)
        continue
      }
      decided.add(sector)
      if (!random.chance(0.1)) continue
      losses['torn sector'] += 1
      this.#restore(write, from + random.below(to - from), to)
    }
  }

  #restore({ from: start, before }: UnsyncedWrite, from: number, to: number): void {
    if (before === null) this.#bytes.zero(from, to)
    else this.#bytes.write(before.subarray(from - start, to - start), from)
  }
}

/** Which sectors of a write have reached the disk: those up to one, all, none, or any. */
function chooseSectors(count: number, random: Prng): (i: number) => boolean {
  const way = random.next()
  if (way < 0.3) {
    const end = random.below(count + 1)
    return (i) => i < end
  }
  const share = way < 0.4 ? 1 : way < 0.5 ? 0 : random.next()
  return () => random.chance(share)
}

/** What of a write lies outside a range, in one or two parts. */
function outside(write: UnsyncedWrite, from: number, to: number): UnsyncedWrite[] {
  if (write.to <= from || write.from >= to || write.source !== null) return [write]
  const part = (start: number, end: number): UnsyncedWrite[] => {
    if (start >= end) return []
    return [{ ...write, from: start, to: end, before: write.before?.subarray(start - write.from, end - write.from) ?? null }]
  }
  return [...part(write.from, from), ...part(to, write.to)]
}
