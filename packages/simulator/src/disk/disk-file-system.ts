/** A file on a simulated disk. Written bytes are durable when `done` is called (O_DSYNC), and not before. */
export interface DiskFile {
  /** In bytes. */
  size(): Promise<number>
  /** At most `length` bytes, at times fewer; 0 only at the end of the file. */
  read(target: Uint8Array, offset: number, length: number, position: number, done: (error: Error | null, count: number) => void): void
  /** At most `length` bytes, at times fewer. `source` must not be changed before `done`. */
  write(source: Uint8Array, offset: number, length: number, position: number, done: (error: Error | null, count: number) => void): void
  /** What was written before the call is durable. */
  sync(): Promise<void>
  close(): Promise<void>
}

/**
 * The files of a simulated disk as one process sees them. Everything completes by a later event, and nothing does once the
 * process is gone. Paths are joined with `/`; errors carry the system's `code`.
 */
export interface DiskFileSystem {
  /** With all its parents; durable when it is done, also where they were there. */
  createDirectory(path: string): Promise<void>
  /** In no order that anything may depend on. */
  list(directory: string): Promise<string[]>
  /** An empty file; one that is there is emptied. The name is durable after `syncDirectory`. */
  create(path: string): Promise<DiskFile>
  open(path: string): Promise<DiskFile>
  /** Within a directory or between two; in place of what has the new name. */
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  /** Names that were made, changed and removed before the call are durable. */
  syncDirectory(path: string): Promise<void>
  /** Held until it is let go of, or the process is gone; null when somebody else has it. */
  lock(path: string): Promise<(() => Promise<void>) | null>
}

/** What is asked of a disk, named as the methods are. */
export type DiskOperation =
  | 'createDirectory'
  | 'list'
  | 'create'
  | 'open'
  | 'rename'
  | 'remove'
  | 'syncDirectory'
  | 'lock'
  | 'unlock'
  | 'size'
  | 'read'
  | 'write'
  | 'sync'
  | 'close'
