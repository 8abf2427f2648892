import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from './bundle.js'

/** What was broken when a variant was last hunted for from seed 1 on. */
export interface Found {
  readonly seed: number
  readonly oracle: string
}

/** By name of the variant. */
export type FoundBy = Readonly<Record<string, Found>>

const FILE = join(root, 'packages/simulation/src/variants/found.json')

export async function readFound(): Promise<FoundBy> {
  return JSON.parse(await readFile(FILE, 'utf8')) as FoundBy
}

export async function writeFound(found: FoundBy): Promise<void> {
  await writeFile(FILE, `${JSON.stringify(found, null, 2)}\n`)
}
