import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import ts from 'typescript'
import { afterAll, expect, test } from 'vitest'
import { Consumer } from '../support/consumer.js'
import { read } from '../support/documents.js'
import { documents, examplesOf } from '../support/examples.js'

/*
 * Every program of every document compiles under `strict`, with the types of the packages as built, outside the repository. What
 * is shown as JavaScript is checked in the same way, except that parameters need no types. Those that need no cluster run, too:
 * embedding.test.ts and readme.test.ts run the others.
 */

const consumer = new Consumer()
afterAll(() => rmSync(consumer.folder, { recursive: true }))

const examples = documents().flatMap(examplesOf)
for (const { file, code } of examples) consumer.write(file, code)
const files = examples.map(({ file }) => file)
// The programs that a document has its reader copy lie beside those that it shows.
for (const { file, document } of examples)
  for (const [, copied = ''] of read(document).matchAll(/^cp \.\.\/raft\/(\S+\.ts) \.$/gm))
    consumer.write(join(dirname(file), basename(copied)), read(copied))

/** That a parameter has no type, which JavaScript has no place for. */
const UNTYPED = /^[^:]*\.m?js:.* implicitly has an 'any' type/

test.each([
  ['nodenext', { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext }],
  ['bundler', { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler, skipLibCheck: true }],
])('every example compiles under strict with moduleResolution %s', (_, resolution) => {
  expect(files.length).toBeGreaterThan(14)
  expect(consumer.compile(files, resolution).filter((problem) => !UNTYPED.test(problem))).toEqual([])
})

const needsACluster = (code: string) => /\b(createNode|connect)\(/.test(code)
/** Its programs take long, and the tests of the package run them. */
const SIMULATOR = 'packages/simulator/README.md'

test.each(examples.filter(({ document, code }) => document !== SIMULATOR && !needsACluster(code)))(
  'the example of $document:$line runs',
  async ({ file, code }) => {
    const program = file.replace(/\.ts$/, '.js')
    if (program !== file) {
      const compilerOptions = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext }
      consumer.write(program, ts.transpileModule(code, { compilerOptions }).outputText)
    }
    const { stderr } = await promisify(execFile)(process.execPath, [join(consumer.folder, program)], {
      cwd: dirname(join(consumer.folder, program)),
    })
    expect(stderr).toBe('')
  },
)
