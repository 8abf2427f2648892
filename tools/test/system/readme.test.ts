import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { blocks, blockWith, read } from '../support/documents.js'
import { freePorts } from '../support/free-ports.js'

/*
 * What README.md shows is what runs here: every command to the cluster of `pnpm start`, and every program of a client, with the
 * ports of this run in the place of those in the text. embedding.test.ts runs those that embed a member.
 */

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../../', import.meta.url))
const readme = read('README.md')

const directory = mkdtempSync(join(tmpdir(), 'raft-readme-'))
const cluster = spawn(process.execPath, [join(root, 'apps/node/dist/local-cluster.js')], {
  cwd: directory,
  stdio: ['ignore', 'pipe', 'inherit'],
})
/** The client addresses as they came to be, by the port that the README has for them. */
const addresses = new Map<string, string>()

beforeAll(async () => {
  for await (const line of createInterface({ input: cluster.stdout })) {
    const [, member, address] = /^\s+n(\d)\s+http:\/\/(127\.0\.0\.1:\d+)/.exec(line) ?? []
    if (member !== undefined && address !== undefined) addresses.set(`127.0.0.1:800${member}`, address)
    if (line.includes('Ctrl-C stops all members')) break
  }
  cluster.stdout.resume()
})

afterAll(async () => {
  cluster.kill('SIGTERM')
  await once(cluster, 'exit')
  rmSync(directory, { recursive: true, force: true })
})

function withRealPlaces(code: string): string {
  let real = code
  for (const [shown, address] of addresses) real = real.replaceAll(shown, address)
  return real
}

async function runProgram(code: string): Promise<string> {
  // In the folder of a package that has those it imports.
  const program = spawn(process.execPath, ['--input-type=module'], { cwd: join(root, 'apps/node'), stdio: ['pipe', 'pipe', 'inherit'] })
  program.stdin.end(withRealPlaces(code))
  let output = ''
  program.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const [status] = await once(program, 'close')
  expect(status).toBe(0)
  return output
}

describe('README.md', () => {
  test('its curl commands answer as it says', async () => {
    const [commands] = blocks('sh', readme)
    const lines = withRealPlaces(commands ?? '')
      .trim()
      .split('\n')
    expect(lines).toHaveLength(5)
    const answers: string[] = []
    for (const line of lines) answers.push((await run('bash', ['-c', line.replace('curl', 'curl -sS --fail-with-body')])).stdout)
    expect(JSON.parse(answers[1] ?? '')).toMatchObject({ key: 'greeting', value: 'hello' })
    expect(answers[2]).toContain('"greeting"')
    expect(JSON.parse(answers[3] ?? '')).toMatchObject({ key: 'greeting', version: 2 })
    expect(JSON.parse(answers[4] ?? '')).toMatchObject({ leaderId: expect.stringMatching(/^n[123]$/) })
  })

  test('its program with a client prints what it promises', async () => {
    const [client] = blocks('js', readme)
    expect(await runProgram(client ?? '')).toBe('42\n')
  })

  test('its commands with pnpm are scripts of the workspace', () => {
    const { scripts, packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const shown = [...readme.matchAll(/^npx (pnpm@\S+) (\w+)$/gm)]
    expect(shown.map(([, , script]) => script)).toEqual(['start', 'test', 'demo', 'tarballs'])
    for (const [, manager, script] of shown) {
      expect(manager).toBe(packageManager)
      expect(scripts).toHaveProperty(script ?? '')
    }
  })
})

test('packages/client/README.md: its program', async () => {
  const [program] = blocks('ts', read('packages/client/README.md'))
  // Its types are for the reader.
  const output = await runProgram(program ?? '')
  expect(output).toMatch(/^\{ population: 2102650 \}\ntrue\ntrue /)
  expect(output).toMatch(/cities\/lyon \{ population: 522250 \}\ncities\/paris \{ population: 2102651 \}\n$/)
})

test('apps/node/README.md: its cluster by hand, its requests', async () => {
  const text = read('apps/node/README.md')
  const [byHand, asking, requests, transaction] = ['cat > cluster.json', 'raft-node status', 'prevRevision=0', '/v1/txn'].map((part) =>
    blockWith(part, 'sh', text),
  ) as [string, string, string, string]
  const ports = await freePorts(6)
  const shown = ['7001', '7002', '7003', '8001', '8002', '8003']
  const here = (code: string) => shown.reduce((real, port, i) => real.replaceAll(`127.0.0.1:${port}`, `127.0.0.1:${ports[i]}`), code)
  const cli = join(root, 'apps/node/dist/cli.js')
  // A follower hears within 50 ms what is committed.
  const local = /^curl ('.*consistency=local').*$/m
  expect(requests).toMatch(local)
  const onceApplied = (code: string) =>
    code.replace(local, (line, url) => `until command curl -sf -o answer ${url}; do sleep 0.02; done\n${line}`)
  const script = [
    'set -e',
    "trap 'kill $(jobs -p); wait' EXIT",
    `raft-node() { exec ${JSON.stringify(process.execPath)} ${JSON.stringify(cli)} "$@"; }`,
    'curl() { command curl -sS --fail-with-body "$@"; echo; }',
    here(byHand),
    onceApplied(here(requests)),
    here(transaction),
    // Each in a shell of its own, which it takes the place of.
    here(asking).replace(/^raft-node .*$/gm, '(\n$&\n)'),
  ]
  const place = join(directory, 'by-hand')
  mkdirSync(place)
  const { stdout } = await run('bash', ['-c', script.join('\n')], { cwd: place })
  const answers = stdout.split('\n').filter((line) => line !== '')
  expect(JSON.parse(answers[1] ?? '')).toMatchObject({ key: 'greeting', value: 'hello' })
  expect(stdout).toMatch(/member +address +role .*\n(n\d .*\n){3}revision \d+\nhello$/)
  expect(JSON.parse(answers[3] ?? '')).toMatchObject({ key: 'a/b', value: 'value' })
  expect(answers[4]).toBe('value')
  expect(JSON.parse(answers[9] ?? '')).toMatchObject({
    succeeded: false,
    results: [
      { type: 'get', entry: null },
      { type: 'range', entries: [] },
    ],
  })
})
