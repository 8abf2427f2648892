import { StorageError } from '@raft/core'
import { allocateDirect } from './direct-memory.js'
import type { StorageFile } from './file-system.js'

/** Writes all of it, however little of it each call takes. */
export function writeAll(
  file: StorageFile,
  source: Uint8Array,
  length: number,
  position: number,
  done: (error: Error | null) => void,
  offset = 0,
): void {
  file.write(source, offset, length - offset, position + offset, (error, count) => {
    if (error !== null) {
      done(error)
      return
    }
    // A system that takes nothing and gives no error would be asked for ever.
    if (count <= 0) {
      done(new StorageError(`a write of ${length - offset} bytes wrote none`))
      return
    }
    if (offset + count >= length) {
      done(null)
      return
    }
    writeAll(file, source, length, position, done, offset + count)
  })
}

/** Reads until `target` is full or the file ends; tells how many bytes. */
function readAll(
  file: StorageFile,
  target: Uint8Array,
  position: number,
  done: (error: Error | null, count: number) => void,
  offset = 0,
): void {
  if (offset === target.length) {
    done(null, offset)
    return
  }
  file.read(target, offset, target.length - offset, position + offset, (error, count) => {
    if (error !== null || count <= 0) {
      done(error, offset)
      return
    }
    readAll(file, target, position, done, offset + count)
  })
}

export function writeAllAsync(file: StorageFile, source: Uint8Array, length: number, position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    writeAll(file, source, length, position, (error) => (error === null ? resolve() : reject(error)))
  })
}

export function readAllAsync(file: StorageFile, target: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    readAll(file, target, position, (error, count) => (error === null ? resolve(count) : reject(error)))
  })
}

const ZEROS = allocateDirect(1024 * 1024)

/** Zeros, written in pieces so that a write to another file waits for one piece at most. */
export async function writeZeros(file: StorageFile, from: number, to: number, goOn: () => boolean = () => true): Promise<void> {
  for (let at = from; at < to && goOn(); at += ZEROS.length) {
    await writeAllAsync(file, ZEROS, Math.min(ZEROS.length, to - at), at)
  }
}
