import { close, constants, fdatasync, fstat, open, read, write } from 'node:fs'
import { mkdir, open as openHandle, readdir, rename, unlink } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { promisify } from 'node:util'
import { nextTick } from '@raft/system'
import { allocateDirect, isDirect } from './direct-memory.js'
import type { FileSystem, StorageFile } from './file-system.js'

const openDescriptor = promisify(open)
const closeDescriptor = promisify(close)
const statDescriptor = promisify(fstat)

// One write that returns when it is durable takes one turn of the thread pool where write and fdatasync take two. Windows
// has no such flag (undefined there): then a sync follows each write.
const WRITES_ARE_DURABLE = constants.O_DSYNC !== undefined
const READ_WRITE = constants.O_RDWR | (constants.O_DSYNC ?? 0)
/** Disks with larger ones than this refuse writes of less (EINVAL). */
const DISK_SECTOR_BYTES = 512
/**
 * To hand a write to another thread takes about as long as to send it to a member. With so few bytes somebody waits for this
 * very write: what else leaves in this turn goes first.
 */
const SMALL_WRITE_BYTES = 2048

class NodeFile implements StorageFile {
  readonly #descriptor: number
  /**
   * The same file, written past the system's page cache (O_DIRECT): no copy on the way, and no memory for bytes that nobody
   * will read soon. Null where system, file system or disk cannot do so.
   */
  #direct: number | null

  constructor(descriptor: number, direct: number | null) {
    this.#descriptor = descriptor
    this.#direct = direct
  }

  async size(): Promise<number> {
    return (await statDescriptor(this.#descriptor)).size
  }

  read(target: Uint8Array, offset: number, length: number, position: number, done: (error: Error | null, count: number) => void): void {
    read(this.#descriptor, target, offset, length, position, done)
  }

  write(source: Uint8Array, offset: number, length: number, position: number, done: (error: Error | null, count: number) => void): void {
    if (length <= SMALL_WRITE_BYTES) nextTick(() => this.#write(source, offset, length, position, done))
    else this.#write(source, offset, length, position, done)
  }

  async close(): Promise<void> {
    const direct = this.#direct
    this.#direct = null
    try {
      if (direct !== null) await closeDescriptor(direct)
    } finally {
      await closeDescriptor(this.#descriptor)
    }
  }

  #write(source: Uint8Array, offset: number, length: number, position: number, done: (error: Error | null, count: number) => void): void {
    const direct = this.#direct
    if (direct !== null && position % DISK_SECTOR_BYTES === 0 && isDirect(source, offset, length, DISK_SECTOR_BYTES)) {
      write(direct, source, offset, length, position, (error, count) => {
        if (error?.code !== 'EINVAL') return done(error, count)
        // Refused before anything was written: its sectors are larger. Closed once, or somebody else's file would be.
        if (this.#direct === direct) {
          this.#direct = null
          closeDescriptor(direct).catch(() => {})
        }
        this.#write(source, offset, length, position, done)
      })
      return
    }
    if (WRITES_ARE_DURABLE) {
      write(this.#descriptor, source, offset, length, position, done)
      return
    }
    write(this.#descriptor, source, offset, length, position, (error, count) => {
      if (error !== null) return done(error, count)
      fdatasync(this.#descriptor, (syncError) => done(syncError, count))
    })
  }
}

async function openFile(path: string, flags: number): Promise<StorageFile> {
  const descriptor = await openDescriptor(path, flags, 0o600)
  // macOS and Windows do not have the flag, and some file systems refuse it (EINVAL).
  const direct = constants.O_DIRECT === undefined ? null : await openDescriptor(path, READ_WRITE | constants.O_DIRECT).catch(() => null)
  return new NodeFile(descriptor, direct)
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
  // Elsewhere it would be memory mapped in vain.
  ...(constants.O_DIRECT === undefined ? {} : { allocate: allocateDirect }),
  async createDirectory(path) {
    const first = await mkdir(path, { recursive: true })
    if (first === undefined) return
    for (let made = resolve(path); ; made = dirname(made)) {
      await syncDirectory(dirname(made))
      if (made === resolve(first)) return
    }
  },
  list: (directory) => readdir(directory),
  create: (path) => openFile(path, READ_WRITE | constants.O_CREAT | constants.O_TRUNC),
  open: (path) => openFile(path, READ_WRITE),
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
