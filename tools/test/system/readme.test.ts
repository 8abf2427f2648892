import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/*
 * What README.md shows is what runs here: every command to the cluster of `pnpm start`, and every program, with the ports
 * and directories of this run in the place of those in the text.
 */

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../../', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')

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

function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, code]) => code ?? '')
}

function withRealPlaces(code: string): string {
  let real = code.replaceAll("'raft-data'", JSON.stringify(join(directory, 'raft-data'))).replaceAll('127.0.0.1:7101', '127.0.0.1:0')
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
    const [commands] = blocks('sh')
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

  test('its programs print what they promise', async () => {
    const [client, embedded] = blocks('js')
    expect(await runProgram(client ?? '')).toBe('42\n')
    expect((await runProgram(embedded ?? '')).split('\n')).toEqual(['leading term 1', 'on', 'no longer', ''])
  })

  test('its commands with pnpm are scripts of the workspace', () => {
    const { scripts, packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const shown = [...readme.matchAll(/^npx (pnpm@\S+) (\w+)$/gm)]
    expect(shown.map(([, , script]) => script)).toEqual(['start', 'test', 'demo'])
    for (const [, manager, script] of shown) {
      expect(manager).toBe(packageManager)
      expect(scripts).toHaveProperty(script ?? '')
    }
  })
})
