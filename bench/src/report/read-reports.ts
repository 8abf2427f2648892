import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { type Report, report } from '../figure.js'

/** All reports of these files, in their order. @throws Error for the first file that cannot be read or holds something else; the message is one line that names it */
export function readReports(files: readonly string[]): Report[] {
  return files.flatMap(readOne)
}

function readOne(file: string): Report[] {
  const parsed = z.array(report).safeParse(parseJson(file))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const where = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`
  throw new Error(`${file} is no report of 'pnpm bench'${where}: ${issue?.message ?? 'wrong shape'}`)
}

function parseJson(file: string): unknown {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Error(`${file} cannot be read: ${messageOf(cause)}`, { cause })
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Error(`${file} is no JSON: ${messageOf(cause)}`, { cause })
  }
}

/** On one line: what a parser quotes of a file may have several. */
function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ')
}
