import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The top of the repository, wherever this file was built to. */
export const root = findRoot(dirname(fileURLToPath(import.meta.url)))

function findRoot(from: string): string {
  if (existsSync(join(from, 'pnpm-workspace.yaml'))) return from
  const above = dirname(from)
  if (above === from) throw new Error('this runs inside the repository only')
  return findRoot(above)
}
