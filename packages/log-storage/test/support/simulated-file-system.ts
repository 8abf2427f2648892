import type { FileSystem, StorageFile } from '../../src/index.js'

const SECTOR = 512

/** What one name leads to: the bytes that a reader sees, and those that a loss of power leaves. */
class SimulatedInode {
  seen: Uint8Array = new Uint8Array(0)
  durable: Uint8Array = new Uint8Array(0)
  /** Numbers of the sectors that were written to and are not durable yet. */
  readonly dirty = new Set<number>()

  write(position: number, bytes: Uint8Array): void {
    this.seen = written(this.seen, position, bytes)
    for (const sector of sectorsOf(position, bytes.length)) this.dirty.add(sector)
  }

  keep(sectors: Iterable<number>): void {
    for (const sector of sectors) {
      this.durable = written(this.durable, sector * SECTOR, this.seen.subarray(sector * SECTOR, (sector + 1) * SECTOR))
      this.dirty.delete(sector)
    }
  }

  /** Of the dirty sectors any part is kept, at times up to any byte only. */
  lose(random: () => number): void {
    for (const sector of this.dirty) {
      const luck = random()
      if (luck < 0.5) continue
      const bytes = this.seen.subarray(sector * SECTOR, (sector + 1) * SECTOR)
      this.durable = written(this.durable, sector * SECTOR, luck < 0.9 ? bytes : bytes.subarray(0, Math.floor(random() * bytes.length)))
    }
    this.dirty.clear()
    this.seen = this.durable.slice()
  }
}

function written(old: Uint8Array, position: number, bytes: Uint8Array): Uint8Array {
  const result = old.length < position + bytes.length ? new Uint8Array(position + bytes.length) : old
  if (result !== old) result.set(old)
  result.set(bytes, position)
  return result
}

function sectorsOf(position: number, length: number): number[] {
  const first = Math.floor(position / SECTOR)
  return Array.from({ length: Math.ceil((position + length) / SECTOR) - first }, (_, i) => first + i)
}

export interface Faults {
  /** How many operations go well before power is lost; then nothing is done and nobody is told. */
  operationsUntilCrash: number
  /** Which share of the writes are taken only in part. */
  shortWrites: number
  /** Called before each operation; what it gives is the operation's error. */
  fail: (operation: string, path: string) => Error | null
}

/**
 * A disk in memory, as hostile as a disk may be: a loss of power keeps any part of the sectors of writes that were not yet
 * done, the last of them torn at any byte, and any part of the names that were not yet synced with their directory.
 */
export class SimulatedFileSystem implements FileSystem {
  readonly faults: Faults = { operationsUntilCrash: Number.POSITIVE_INFINITY, shortWrites: 0, fail: () => null }
  readonly operations: string[] = []
  openFiles = 0
  readonly #random: () => number
  #names = new Map<string, SimulatedInode>()
  #durableNames = new Map<string, SimulatedInode>()
  readonly #locked = new Set<string>()
  #generation = 0
  #onCrash: (() => void) | null = null

  constructor(random: () => number) {
    this.#random = random
  }

  /** Resolves when `faults.operationsUntilCrash` operations have been done. */
  get crashed(): Promise<void> {
    return new Promise((resolve) => {
      this.#onCrash = resolve
    })
  }

  /** The process ends; what it wrote stays where it was, durable or not. */
  kill(): void {
    this.#generation += 1
    this.faults.operationsUntilCrash = Number.POSITIVE_INFINITY
    this.#locked.clear()
  }

  /** Power is lost and comes back: whatever ran before is never heard of again. */
  crash(): void {
    this.kill()
    for (const name of new Set([...this.#names.keys(), ...this.#durableNames.keys()])) {
      if (this.#names.get(name) === this.#durableNames.get(name) || this.#random() < 0.5) continue
      const inode = this.#names.get(name)
      if (inode === undefined) this.#durableNames.delete(name)
      else this.#durableNames.set(name, inode)
    }
    for (const inode of new Set(this.#durableNames.values())) inode.lose(this.#random)
    this.#names = new Map(this.#durableNames)
  }

  /** The bytes of a file, to be looked at or changed behind everybody's back. */
  contents(path: string): Uint8Array {
    return this.#inode(path).seen
  }

  replace(path: string, bytes: Uint8Array): void {
    const inode = this.#names.get(path) ?? new SimulatedInode()
    inode.seen = bytes
    inode.durable = bytes.slice()
    this.#names.set(path, inode)
    this.#durableNames.set(path, inode)
  }

  paths(): string[] {
    return [...this.#names.keys()].sort()
  }

  /** A second disk that holds the same. */
  clone(random: () => number): SimulatedFileSystem {
    const other = new SimulatedFileSystem(random)
    for (const [path, inode] of this.#names) other.replace(path, inode.seen.slice())
    return other
  }

  delete(path: string): void {
    this.#names.delete(path)
    this.#durableNames.delete(path)
  }

  async createDirectory(path: string): Promise<void> {
    await this.#step('createDirectory', path)
  }

  async list(directory: string): Promise<string[]> {
    await this.#step('list', directory)
    return this.paths()
      .filter((path) => path.startsWith(`${directory}/`))
      .map((path) => path.slice(directory.length + 1))
  }

  async create(path: string): Promise<StorageFile> {
    await this.#step('create', path)
    const inode = new SimulatedInode()
    this.#names.set(path, inode)
    return this.#file(path, inode)
  }

  async open(path: string): Promise<StorageFile> {
    await this.#step('open', path)
    return this.#file(path, this.#inode(path))
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#step('rename', from)
    this.#names.set(to, this.#inode(from))
    this.#names.delete(from)
  }

  async remove(path: string): Promise<void> {
    await this.#step('remove', path)
    this.#inode(path)
    this.#names.delete(path)
  }

  async syncDirectory(path: string): Promise<void> {
    await this.#step('syncDirectory', path)
    this.#durableNames = new Map(this.#names)
  }

  async lock(path: string): Promise<(() => Promise<void>) | null> {
    await this.#step('lock', path)
    if (!this.#names.has(path)) this.#names.set(path, new SimulatedInode())
    if (this.#locked.has(path)) return null
    this.#locked.add(path)
    return async () => {
      this.#locked.delete(path)
    }
  }

  #file(path: string, inode: SimulatedInode): StorageFile {
    this.openFiles += 1
    return {
      size: async () => inode.seen.length,
      read: (target, offset, length, position, done) => {
        this.#step('read', path).then(
          () => {
            const bytes = inode.seen.subarray(position, position + length)
            target.set(bytes, offset)
            done(null, bytes.length)
          },
          (error: Error) => done(error, 0),
        )
      },
      write: (source, offset, length, position, done) => {
        const count = this.#random() < this.faults.shortWrites ? Math.max(1, Math.floor(this.#random() * length)) : length
        const bytes = source.slice(offset, offset + count)
        inode.write(position, bytes)
        this.#step('write', path).then(
          () => {
            inode.keep(sectorsOf(position, count))
            done(null, count)
          },
          (error: Error) => {
            // As Linux does: readers go on to see the bytes, and no sync will store them.
            for (const sector of sectorsOf(position, count)) inode.dirty.delete(sector)
            done(error, 0)
          },
        )
      },
      sync: async () => {
        await this.#step('sync', path)
        inode.keep([...inode.dirty])
      },
      close: async () => {
        this.openFiles -= 1
        const error = this.faults.fail('close', path)
        if (error !== null) throw error
      },
    }
  }

  /** Ends after a turn, in which what follows from the step before has happened; never, when power is lost first. */
  #step(operation: string, path: string): Promise<void> {
    const generation = this.#generation
    this.operations.push(`${operation} ${path.slice(path.lastIndexOf('/') + 1)}`)
    return new Promise((resolve, reject) => {
      setImmediate(() => {
        if (generation !== this.#generation || this.faults.operationsUntilCrash < 0) return
        if (this.faults.operationsUntilCrash === 0) {
          this.faults.operationsUntilCrash = -1
          this.#onCrash?.()
          return
        }
        this.faults.operationsUntilCrash -= 1
        const error = this.faults.fail(operation, path)
        if (error === null) resolve()
        else reject(error)
      })
    })
  }

  #inode(path: string): SimulatedInode {
    const inode = this.#names.get(path)
    if (inode === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' })
    return inode
  }
}
