import { expect, test } from 'vitest'
import { documents, examplesIn, examplesOf } from './support/examples.js'

const fenced = (language: string, code: string) => `\`\`\`${language}\n${code}\`\`\`\n`

test('the programs of a document are found, with their lines', () => {
  const text = `# Title\n\n${fenced('ts', 'a\n')}\n${fenced('sh', 'no\n')}\n${fenced('js', '// node b.mjs\nb\n')}`
  expect(examplesIn(text, 'a/B.md')).toEqual([
    { document: 'a/B.md', line: 4, language: 'ts', code: 'a\n', file: 'a-B-md/line-4.ts' },
    { document: 'a/B.md', line: 12, language: 'js', code: '// node b.mjs\nb\n', file: 'a-B-md/b.mjs' },
  ])
})

test('a program that goes on from the one before it is given with that', () => {
  const [, second] = examplesIn(`${fenced('ts', 'a\n')}<!-- continues -->\n${fenced('ts', 'b\n')}`, 'a.md')
  expect(second).toMatchObject({ line: 6, code: 'a\nb\n' })
  expect(() => examplesIn(`<!-- continues -->\n${fenced('ts', 'b\n')}`, 'a.md')).toThrow('a.md:3 continues nothing')
})

test('the documents with programs are found', () => {
  const withPrograms = documents().filter((document) => examplesOf(document).length > 0)
  expect(withPrograms).toEqual(expect.arrayContaining(['README.md', 'apps/node/README.md', 'packages/core/README.md']))
})
