import type { Incarnation } from '../world/host.js'
import type { Prng } from '../world/prng.js'
import type { DiskFile, DiskFileSystem } from './disk-file-system.js'
import type { Inode } from './inode.js'
import { ProcessCalls } from './process-calls.js'
import { ProcessFile } from './process-file.js'
import type { SimulatedDisk } from './simulated-disk.js'
import { systemError } from './system-error.js'

/** The disk's files, for one life of a process. */
export class ProcessFileSystem implements DiskFileSystem {
  readonly #disk: SimulatedDisk
  readonly #calls: ProcessCalls

  constructor(disk: SimulatedDisk, incarnation: Incarnation) {
    this.#disk = disk
    this.#calls = new ProcessCalls(disk, incarnation)
  }

  async createDirectory(path: string): Promise<void> {
    await this.#calls.change('createDirectory', path, () => {
      if (!this.#disk.tree.has(path)) this.#requireRoom('mkdir', path)
      this.#disk.tree.makeDirectory(path)
    })
    // Its parents are synced one after another.
    await this.#calls.ask('syncDirectory', path, () => this.#disk.tree.keepDirectory(path))
  }

  list(directory: string): Promise<string[]> {
    return this.#calls.ask('list', directory, () => inAnyOrder(this.#disk.tree.list(directory), this.#disk.random))
  }

  async create(path: string): Promise<DiskFile> {
    return this.#opened(path, await this.#calls.change('create', path, () => this.#make(path, true)))
  }

  async open(path: string): Promise<DiskFile> {
    return this.#opened(path, await this.#calls.ask('open', path, () => this.#disk.tree.find(path, 'open')))
  }

  rename(from: string, to: string): Promise<void> {
    return this.#calls.change('rename', from, () => {
      const { tree } = this.#disk
      const inode = tree.find(from, 'rename')
      if (from === to) return
      const old = tree.place(from, 'rename')
      const fresh = tree.place(to, 'rename')
      fresh.directory.set(fresh.name, inode)
      old.directory.set(old.name, null)
    })
  }

  remove(path: string): Promise<void> {
    return this.#calls.change('remove', path, () => {
      this.#disk.tree.find(path, 'unlink')
      const { directory, name } = this.#disk.tree.place(path, 'unlink')
      directory.set(name, null)
    })
  }

  syncDirectory(path: string): Promise<void> {
    const { tree } = this.#disk
    const changes = tree.has(path) ? tree.directory(path, 'open').changes : 0
    return this.#calls.ask('syncDirectory', path, () => tree.directory(path, 'open').sync(changes))
  }

  async lock(path: string): Promise<(() => Promise<void>) | null> {
    const isMine = await this.#calls.change('lock', path, () => {
      this.#make(path, false)
      return this.#disk.tryLock(path, this.#calls.incarnation)
    })
    if (!isMine) return null
    return () => this.#calls.ask('unlock', path, () => this.#disk.unlock(path, this.#calls.incarnation))
  }

  #make(path: string, isEmptied: boolean): Inode {
    const { directory, name } = this.#disk.tree.place(path, 'open')
    const found = directory.get(name)
    if (found !== null) {
      if (isEmptied) found.empty()
      return found
    }
    this.#requireRoom('open', path)
    return directory.make(name)
  }

  #requireRoom(syscall: string, path: string): void {
    if (!this.#disk.isFull) return
    this.#disk.work.hasFailed('disk full')
    throw systemError('ENOSPC', syscall, path)
  }

  #opened(path: string, inode: Inode): DiskFile {
    return new ProcessFile(this.#calls, path, inode)
  }
}

function inAnyOrder(names: readonly string[], random: Prng): string[] {
  const left = [...names]
  return names.map(() => left.splice(random.below(left.length), 1)[0] as string)
}
