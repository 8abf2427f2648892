import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { pageOf } from './page.js'
import { readReports } from './read-reports.js'

export interface PageOptions {
  /** What `--json` wrote. */
  readonly files: readonly string[]
  /** Where the page goes; its plots go into a folder beside it that has its name, and only they are kept of the SVGs there. */
  readonly out: string
  /** The part that people write, and where the figures go in it. */
  readonly template: URL
}

/** Writes the page. @throws Error for a file that holds no reports: then nothing is written */
export async function writePage({ files, out, template }: PageOptions): Promise<void> {
  const folder = basename(out, extname(out))
  if (folder === basename(out)) throw new RangeError(`${out} has no extension: the folder of its plots would have its name`)
  const { markdown, plots } = await pageOf(readReports(files), readFileSync(template, 'utf8'), folder)
  const directory = join(dirname(out), folder)
  mkdirSync(directory, { recursive: true })
  for (const name of readdirSync(directory)) if (name.endsWith('.svg') && !plots.has(name)) rmSync(join(directory, name))
  for (const [name, svg] of plots) writeFileSync(join(directory, name), svg)
  writeFileSync(out, markdown)
}
