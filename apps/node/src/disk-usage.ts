import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { CreateNodeOptions } from './options.js'

/** Bytes in the directory of the log; null with a storage of one's own, of whose place nothing is known. */
export async function diskBytesOf({ storage, dataDir }: Pick<CreateNodeOptions, 'storage' | 'dataDir'>): Promise<number | null> {
  return typeof storage === 'object' || dataDir === undefined ? null : bytesIn(dataDir)
}

/** Bytes of all files in the directory and below it. Files that go meanwhile count as nothing. */
async function bytesIn(directory: string): Promise<number> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
  const sizes = await Promise.all(
    entries.map((entry) => {
      const path = join(directory, entry.name)
      return entry.isDirectory() ? bytesIn(path) : sizeOf(path)
    }),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function sizeOf(path: string): Promise<number> {
  try {
    const { size } = await lstat(path)
    return size
  } catch {
    return 0
  }
}
