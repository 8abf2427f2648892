import type { DiskFile } from './disk-file-system.js'
import type { Inode } from './inode.js'
import type { ProcessCalls } from './process-calls.js'
import { systemError } from './system-error.js'

type Done = (error: Error | null, count: number) => void

/** A file that a process has open. */
export class ProcessFile implements DiskFile {
  readonly #calls: ProcessCalls
  readonly #path: string
  readonly #inode: Inode
  #isOpen = true

  constructor(calls: ProcessCalls, path: string, inode: Inode) {
    this.#calls = calls
    this.#path = path
    this.#inode = inode
    calls.disk.fileOpened()
    calls.disk.fence.opened(path, calls.incarnation)
  }

  size(): Promise<number> {
    const error = this.#errorOfClosed('fstat')
    return this.#calls.ask('size', this.#path, () => {
      if (error !== null) throw error
      return this.#inode.size
    })
  }

  read(target: Uint8Array, offset: number, length: number, position: number, done: Done): void {
    const wanted = this.#calls.disk.shortened(length)
    const closed = this.#errorOfClosed('read')
    this.#calls.begin('read', this.#path, (fault) => {
      const error = fault ?? closed
      if (error !== null) return () => done(error, 0)
      const count = this.#inode.read(target.subarray(offset, offset + wanted), position)
      return () => done(null, count)
    })
  }

  write(source: Uint8Array, offset: number, length: number, position: number, done: Done): void {
    const { disk, isAlive } = this.#calls
    const { random } = disk
    if (!isAlive) return
    const count = this.#roomFor(length, position)
    const refused = this.#errorOfClosed('write') ?? (count === 0 && length > 0 ? systemError('ENOSPC', 'write', this.#path) : null)
    if (refused !== null) {
      this.#calls.begin('write', this.#path, () => () => done(refused, 0))
      return
    }
    const begun = disk.beginWrite(this.#inode, source.subarray(offset, offset + count), position)
    this.#calls.begin('write', this.#path, (fault) => {
      if (fault !== null) {
        this.#inode.fail(begun, random.below(count + 1))
        return () => done(fault, 0)
      }
      // The other half of a durable write.
      if (disk.work.fails('sync error', disk.conditions.syncErrors)) {
        this.#inode.fail(begun, count)
        return () => done(systemError('EIO', 'write', this.#path), 0)
      }
      this.#inode.complete(begun)
      return () => done(null, count)
    })
  }

  sync(): Promise<void> {
    const { present } = this.#inode
    const closed = this.#errorOfClosed('fdatasync')
    return new Promise((resolve, reject) => {
      this.#calls.begin('sync', this.#path, (fault) => {
        const error = fault ?? closed
        if (error === null) this.#inode.sync(present)
        else this.#inode.failSync()
        return () => (error === null ? resolve() : reject(error))
      })
    })
  }

  close(): Promise<void> {
    const closed = this.#errorOfClosed('close')
    if (closed === null && this.#calls.isAlive) {
      this.#calls.disk.fileClosed()
      this.#calls.disk.fence.closed(this.#path, this.#calls.incarnation)
    }
    // Also where closing fails, as on Linux.
    this.#isOpen = false
    return this.#calls.ask('close', this.#path, () => {
      if (closed !== null) throw closed
    })
  }

  /** How much of a write is taken: a full disk has room where the file has it, and at times a little beyond. */
  #roomFor(length: number, position: number): number {
    const { disk } = this.#calls
    if (!disk.isFull || position + length <= this.#inode.size) return disk.shortened(length)
    disk.work.hasFailed('disk full')
    const within = Math.max(0, this.#inode.size - position)
    return within > 0 || disk.random.chance(0.7) ? within : disk.random.below(length)
  }

  #errorOfClosed(syscall: string): Error | null {
    return this.#isOpen ? null : systemError('EBADF', syscall, this.#path)
  }
}
