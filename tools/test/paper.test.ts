import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { root } from '../house.mjs'

/** `docs/paper.md` names the file and the functions of each rule, and the comments of the source cite the sections. */

const CORE = 'packages/core/src/'
const page = readFileSync(join(root, 'docs/paper.md'), 'utf8')

interface Declaration {
  /** `name`, or `Class.member`. */
  readonly name: string
  /** With the comments in front of it. */
  readonly from: number
  readonly to: number
}

interface Row {
  /** What the row names in each file that it links to. */
  readonly places: ReadonlyMap<string, readonly string[]>
  readonly citations: readonly string[]
}

function declarationsOf(text: string): readonly Declaration[] {
  const source = ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest)
  return source.statements.flatMap((statement) =>
    namesOf(statement, source).map(({ name, node }) => ({ name, from: node.getFullStart(), to: node.end })),
  )
}

function namesOf(statement: ts.Statement, source: ts.SourceFile): readonly { readonly name: string; readonly node: ts.Node }[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => ({ name: name.getText(source), node: statement }))
  }
  if (ts.isFunctionDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) {
    return [{ name: statement.name?.text ?? '', node: statement }]
  }
  if (!ts.isClassDeclaration(statement) && !ts.isInterfaceDeclaration(statement)) return []
  const owner = statement.name?.text ?? ''
  const members = [...statement.members].filter(({ name }) => name !== undefined)
  return [
    { name: owner, node: statement },
    ...members.map((member) => ({ name: `${owner}.${member.name?.getText(source)}`, node: member })),
  ]
}

/** Such as `paper §5.4.2`; a section without a book is of the book before it. */
function citationsIn(text: string): readonly { readonly citation: string; readonly at: number }[] {
  let book = ''
  return [...text.matchAll(/(?:(paper|thesis) )?§(\d+(?:\.\d+)*)/gi)].map((match) => {
    book = match[1]?.toLowerCase() ?? book
    return { citation: `${book} §${match[2]}`, at: match.index }
  })
}

function rowsOf(markdown: string): readonly Row[] {
  return markdown
    .split('\n')
    .filter((line) => line.startsWith('| ') && line.includes(CORE))
    .map((line) => {
      const places = new Map<string, readonly string[]>()
      for (const part of line.split('](../').slice(1)) {
        const file = part.slice(0, part.indexOf(')'))
        // Up to the next link, or to the end of the cell.
        const [text = ''] = part.slice(file.length).split(/\[| \|/)
        places.set(file, [...(places.get(file) ?? []), ...[...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '')])
      }
      return { places, citations: citationsIn(line).map(({ citation }) => citation) }
    })
}

const files = readdirSync(join(root, CORE), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
  .map((name) => ({ file: CORE + name.replaceAll('\\', '/'), text: readFileSync(join(root, CORE, name), 'utf8') }))
const declared = new Map(files.map(({ file, text }) => [file, declarationsOf(text)]))
const rows = rowsOf(page)

describe('docs/paper.md', () => {
  it('names files and functions that are there', () => {
    const missing: string[] = []
    for (const { places } of rows) {
      for (const [file, names] of places) {
        const there = declared.get(file)?.map(({ name }) => name)
        if (names.length === 0) missing.push(`${file} without a name`)
        for (const name of names) if (there?.includes(name) !== true) missing.push(`${file} ${name}`)
      }
    }
    expect(missing).toEqual([])
    expect(rows.length).toBeGreaterThan(30)
  })

  it('has every section that a comment of the source cites, with the function at which the comment stands', () => {
    const missing: string[] = []
    let count = 0
    for (const { file, text } of files) {
      for (const { citation, at } of citationsIn(text)) {
        count += 1
        const owners = (declared.get(file) ?? []).filter(({ from, to }) => from <= at && at < to)
        // Members come behind the class that they are in.
        const owner = owners.at(-1)?.name ?? '(no declaration)'
        const isNamed = (name: string) => name === owner || name.startsWith(`${owner}.`)
        const fits = rows.some(({ places, citations }) => citations.includes(citation) && places.get(file)?.some(isNamed) === true)
        if (!fits) missing.push(`${citation} at ${file} ${owner}`)
      }
    }
    expect(missing).toEqual([])
    expect(count).toBeGreaterThan(20)
  })

  it('links to nothing that is not there', () => {
    const links = [...page.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, path]) => path ?? '')
    expect(links.filter((path) => !existsSync(join(root, path)))).toEqual([])
    expect(links.length).toBeGreaterThan(rows.length)
  })
})
