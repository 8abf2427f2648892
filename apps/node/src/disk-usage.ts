import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { CreateNodeOptions } from './options.js'

/** Bytes in the directory of the log; null with a storage of one's own, of whose place nothing is known, and where the system does not tell. */
export async function diskBytesOf({ storage, dataDir }: Pick<CreateNodeOptions, 'storage' | 'dataDir'>): Promise<number | null> {
  return typeof storage === 'object' || dataDir === undefined ? null : bytesIn(dataDir).catch(() => null)
}

/** Bytes of all files in the directory and below it. What goes meanwhile counts as nothing. @throws the system's error, as for want of a descriptor */
async function bytesIn(directory: string): Promise<number> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(unlessGone([]))
  const sizes = await Promise.all(
    entries.map((entry) => {
      const path = join(directory, entry.name)
      return entry.isDirectory() ? bytesIn(path) : sizeOf(path)
    }),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function sizeOf(path: string): Promise<number> {
  const { size } = await lstat(path).catch(unlessGone({ size: 0 }))
  return size
}

/** What counts in the place of something that is not there any more. */
function unlessGone<T>(instead: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code !== 'ENOENT') throw error
    return instead
  }
}
