import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../house.mjs'

/** A program in one of the documents. */
export interface Example {
  readonly document: string
  /** The line on which it begins. */
  readonly line: number
  readonly language: 'ts' | 'js'
  readonly code: string
  /**
   * The file in which it is to lie. A program whose first line is a comment with a name, such as `// journal.ts`, has that name,
   * so that others of the same document can import it.
   */
  readonly file: string
}

/** Paths of the documents for users, from the top of the repository. */
export function documents(): string[] {
  const beside = ['packages', 'apps'].flatMap((folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}/README.md`))
  const below = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name}`)
  return ['README.md', 'CONTRIBUTING.md', ...beside, ...below].filter((path) => path.endsWith('.md') && existsSync(join(root, path)))
}

export function examplesOf(document: string): Example[] {
  return examplesIn(readFileSync(join(root, document), 'utf8'), document)
}

/**
 * The programs in a text. One that goes on from the program before it, and does not stand alone, has the comment
 * `<!-- continues -->` on the line above it, which readers do not see: it is given with all that it goes on from.
 */
export function examplesIn(text: string, document: string): Example[] {
  const examples: Example[] = []
  for (const found of text.matchAll(/^(<!-- continues -->\n)?```(ts|js)\n(.*?)^```/gms)) {
    const [, continues, language, own = ''] = found
    const line = text.slice(0, found.index).split('\n').length + (continues === undefined ? 1 : 2)
    const before = continues === undefined ? '' : examples.at(-1)?.code
    if (before === undefined) throw new Error(`${document}:${line} continues nothing`)
    const name = /^\/\/ (?:node )?([\w-]+\.m?[jt]s)\n/.exec(own)?.[1]
    examples.push({
      document,
      line,
      language: language === 'ts' ? 'ts' : 'js',
      code: before + own,
      file: `${document.replaceAll(/\W/g, '-')}/${name ?? `line-${line}.${language}`}`,
    })
  }
  return examples
}
