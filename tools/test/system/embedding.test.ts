import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import ts from 'typescript'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { Consumer } from '../support/consumer.js'
import { examplesOf } from '../support/examples.js'
import { freePorts } from '../support/free-ports.js'

/* The programs that embed a member, as they stand in the documents: one process for each member, none of them changed. */

const consumer = new Consumer()
afterAll(() => rmSync(consumer.folder, { recursive: true }))

const javaScript = (code: string) =>
  ts.transpileModule(code, { compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext } }).outputText

const embedding = ['README.md', 'apps/node/README.md'].map((document) => {
  const found = examplesOf(document).find(({ code }) => code.includes('createNode({'))
  if (found === undefined) throw new Error(`${document} embeds nothing`)
  return { document, code: found.code }
})

class Member {
  output = ''
  readonly #process
  readonly #closed: Promise<unknown[]>

  constructor(program: string, id: string) {
    this.#process = spawn(process.execPath, [program, id], { cwd: consumer.folder, stdio: ['ignore', 'pipe', 'inherit'] })
    this.#closed = once(this.#process, 'close')
    onTestFinished(() => void this.#process.kill('SIGKILL'))
  }

  /** Reads until this line has come. */
  async until(line: RegExp): Promise<void> {
    const { stdout } = this.#process
    stdout.setEncoding('utf8').on('data', (text: string) => {
      this.output += text
    })
    while (!line.test(this.output)) {
      const ended = await Promise.race([once(stdout, 'data').then(() => false), this.#closed.then(() => true)])
      if (ended) throw new Error(`the member has ended, and has said ${JSON.stringify(this.output)}`)
    }
  }

  /** What Ctrl-C does. Gives the status with which it exits. */
  async interrupt(): Promise<unknown> {
    this.#process.kill('SIGINT')
    return (await this.#closed)[0]
  }
}

/** The program with ports of this run in the place of those in the text. */
async function withFreePorts(code: string): Promise<string> {
  const shown = [...new Set([...code.matchAll(/127\.0\.0\.1:(\d+)/g)].map(([, port]) => port ?? ''))]
  const ports = await freePorts(shown.length)
  return shown.reduce((real, port, i) => real.replaceAll(`127.0.0.1:${port}`, `127.0.0.1:${ports[i]}`), code)
}

describe.each(embedding)('$document', ({ document, code }) => {
  test('its program runs on every member, and each reads and writes', async () => {
    const said = document === 'README.md' ? () => /^on$/m : (id: string) => new RegExp(`^${id} reads v$`, 'm')
    const program = consumer.write(`${document.length}.mjs`, javaScript(await withFreePorts(code)))
    const ids = ['n1', 'n2', 'n3']
    const members = ids.map((id) => new Member(program, id))
    await Promise.all(members.map((member, i) => member.until(said(ids[i] ?? ''))))
    expect(members.map(({ output }) => output).join('')).toMatch(/leading term \d+/)
    expect(await Promise.all(members.map((member) => member.interrupt()))).toEqual([0, 0, 0])
  })
})

test('a leader that writes as apps/node/README.md says is refused where a later one has written', async () => {
  const [recipe] = examplesOf('apps/node/README.md').filter((example) => example.code.includes('export async function step'))
  const [, program] = embedding
  const steps = 'await node.waitUntilLeader(id)\nfor (const term of [2, 1, 2]) console.log(await step(node, term))\n'
  // A cluster of one member leads as soon as it runs.
  const alone = (program?.code ?? '').replace(/^ {4}n[23]: .*\n/gm, '')
  const path = consumer.write(
    'leader.mjs',
    javaScript(`${await withFreePorts(alone)}\n${recipe?.code}\n${steps}`).replaceAll('embedded-', 'alone-'),
  )
  const member = new Member(path, 'n1')
  await member.until(/^true\nfalse\ntrue\n/m)
  expect(await member.interrupt()).toBe(0)
})
