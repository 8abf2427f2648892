import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../house.mjs'

/** The text of a file of this repository. */
export const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** What stands behind the heading of this name, up to the next one of its level or above it. @throws Error where there is none */
export function section(text: string, heading: string): string {
  const start = new RegExp(`^(#+) ${heading}$`, 'm').exec(text)
  if (start === null) throw new Error(`there is no section "${heading}"`)
  const rest = text.slice(start.index + start[0].length)
  const end = new RegExp(`^#{1,${start[1]?.length}} `, 'm').exec(withoutCode(rest))
  return end === null ? rest : rest.slice(0, end.index)
}

/** The same text, with what stands in blocks of code blanked: a comment of a shell looks like a heading. */
const withoutCode = (text: string) => text.replace(/^```.*?^```$/gms, (block) => ' '.repeat(block.length))

/** The blocks of code of this language, in their order. */
export function blocks(language: string, text: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, code]) => code ?? '')
}

/** The one block that has this in it. @throws Error where there is none, or several */
export function blockWith(part: string, language: string, text: string): string {
  const found = blocks(language, text).filter((block) => block.includes(part))
  if (found.length !== 1) throw new Error(`${found.length} blocks have ${JSON.stringify(part)}, not one`)
  return found[0] as string
}
