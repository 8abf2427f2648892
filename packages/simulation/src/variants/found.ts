import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from '../repository.js'
import type { RunnerReport } from './runner.js'

/** The oracle that a variant broke when it was last hunted for from seed 1 on, and the work that the hunt took. */
export interface Found {
  readonly seed: number
  readonly oracle: string
  /** Simulated events, of all seeds together. */
  readonly events: number
  /** Seconds of processor time, of all seeds together. */
  readonly processor: number
}

/** The part of a hunt's report that is kept. @throws Error for a hunt that has found nothing */
export function foundBy({ events, processor, found }: RunnerReport): Found {
  if (found === null) throw new Error('nothing was found')
  return { seed: found.seed, oracle: found.oracle, events, processor: Number(processor.toFixed(1)) }
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
