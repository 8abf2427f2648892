import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from '../repository.js'
import { type LedgerRow, withLedger } from './ledger.js'

/** The document that shows the ledger. */
export const DOCUMENT = join(root, 'docs/simulation.md')

/** Where the ledger is kept. A ledger elsewhere is in no document. */
export const LEDGER = join(root, 'docs/simulation-ledger.json')

export async function readLedger(file: string): Promise<readonly LedgerRow[]> {
  return JSON.parse(await readFile(file, 'utf8')) as readonly LedgerRow[]
}

/** Adds the rows to the ledger, and to the document where it is the one of the repository. */
export async function addToLedger(file: string, rows: readonly LedgerRow[]): Promise<void> {
  const all = [...(await readLedger(file)), ...rows]
  await writeFile(file, `${JSON.stringify(all, null, 2)}\n`)
  if (file !== LEDGER) return
  await writeFile(DOCUMENT, withLedger(await readFile(DOCUMENT, 'utf8'), all))
}

/**
 * The commit that is simulated, in a few letters. A ledger elsewhere may also have what was never committed.
 * @throws Error for the ledger of the repository where the source has changes that no commit has
 */
export function commitFor(ledger: string): string {
  const git = (...words: string[]) => execFileSync('git', words, { cwd: root, encoding: 'utf8' }).trim()
  const commit = git('rev-parse', '--short=7', 'HEAD')
  const changed = git('status', '--porcelain', '--', 'packages', 'apps')
  if (changed === '') return commit
  if (ledger !== LEDGER) return `${commit} and changes`
  throw new Error(`a run for the ledger needs a commit that can be run again: commit these changes first\n${changed}`)
}
