/** A file that is read and written at given positions. All calls complete later, never before they have returned. */
export interface StorageFile {
  /** In bytes. */
  size(): Promise<number>
  /** Reads at most `length` bytes into `target` from `offset` on; fewer only at the end of the file or for no reason at all. */
  read(target: Uint8Array, offset: number, length: number, position: number, done: (error: Error | null, count: number) => void): void
  /**
   * Writes at most `length` bytes, maybe fewer, growing the file where needed. Those are durable when `done` is called, with
   * no sync (O_DSYNC). Until then any part of them may be on the disk, in any order. `source` is not changed meanwhile.
   */
  write(source: Uint8Array, offset: number, length: number, position: number, done: (error: Error | null, count: number) => void): void
  close(): Promise<void>
}

/**
 * What `FileLogStorage` asks of the system. Paths are joined with `/`. Promises reject with the system's error. After EMFILE or
 * ENFILE, `create`, `open` and `syncDirectory` have done nothing, and are called again.
 */
export interface FileSystem {
  /** At least so many bytes of memory that files are written from with fewer copies. Without it, any memory is as good. */
  allocate?(bytes: number): Uint8Array
  /** With all its parents, which are made durable too. Does nothing when it is there. */
  createDirectory(path: string): Promise<void>
  /** Names of what the directory holds, in any order. */
  list(directory: string): Promise<string[]>
  /** An empty file, in place of one that may be there. The name is durable after `syncDirectory`. */
  create(path: string): Promise<StorageFile>
  open(path: string): Promise<StorageFile>
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  /** Makes names that were created, renamed and removed durable. */
  syncDirectory(path: string): Promise<void>
  /**
   * Locks the file, made if it is not there, against every other holder on this machine, in this process too; null when
   * another has it. The system lets go of it when the process ends, however it ends. What comes back unlocks.
   */
  lock(path: string): Promise<(() => Promise<void>) | null>
}
