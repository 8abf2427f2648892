import { close, constants, fdatasync, fstat, open, read, write } from 'node:fs'
import { mkdir, open as openHandle, readdir, rename, unlink } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { FileSystem, StorageFile } from './file-system.js'

const openDescriptor = promisify(open)
const closeDescriptor = promisify(close)
const statDescriptor = promisify(fstat)

// One write that returns when it is durable takes one turn of the thread pool where write and fdatasync take two. Windows
// has no such flag (undefined there): then a sync follows each write.
const WRITES_ARE_DURABLE = constants.O_DSYNC !== undefined
const READ_WRITE = constants.O_RDWR | (constants.O_DSYNC ?? 0)

class NodeFile implements StorageFile {
  readonly #descriptor: number

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  async size(): Promise<number> {
    return (await statDescriptor(this.#descriptor)).size
  }

  read(target: Uint8Array, offset: number, length: number, position: number, done: (error: Error | null, count: number) => void): void {
    read(this.#descriptor, target, offset, length, position, done)
  }

  write(source: Uint8Array, offset: number, length: number, position: number, done: (error: Error | null, count: number) => void): void {
    if (WRITES_ARE_DURABLE) {
      write(this.#descriptor, source, offset, length, position, done)
      return
    }
    write(this.#descriptor, source, offset, length, position, (error, count) => {
      if (error !== null) return done(error, count)
      fdatasync(this.#descriptor, (syncError) => done(syncError, count))
    })
  }

  close(): Promise<void> {
    return closeDescriptor(this.#descriptor)
  }
}

async function syncDirectory(path: string): Promise<void> {
  // Windows cannot open a directory, and has no need to.
  if (process.platform === 'win32') return
  const handle = await openHandle(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** The files of this machine, through node:fs and its thread pool. */
export const nodeFileSystem: FileSystem = {
  async createDirectory(path) {
    const first = await mkdir(path, { recursive: true })
    if (first === undefined) return
    for (let made = resolve(path); ; made = dirname(made)) {
      await syncDirectory(dirname(made))
      if (made === resolve(first)) return
    }
  },
  list: (directory) => readdir(directory),
  async create(path) {
    return new NodeFile(await openDescriptor(path, READ_WRITE | constants.O_CREAT | constants.O_TRUNC, 0o600))
  },
  async open(path) {
    return new NodeFile(await openDescriptor(path, READ_WRITE))
  },
  rename,
  remove: unlink,
  syncDirectory,
  async lock(path) {
    // Locks of an open file description: they hold between containers that share the volume and reuse process ids, between
    // two descriptors of one process, and end with the process.
    const { tryLock } = await import('fs-native-extensions')
    const descriptor = await openDescriptor(path, constants.O_RDWR | constants.O_CREAT, 0o600)
    try {
      if (tryLock(descriptor)) return () => closeDescriptor(descriptor)
    } catch (error) {
      await closeDescriptor(descriptor)
      throw error
    }
    await closeDescriptor(descriptor)
    return null
  },
}
