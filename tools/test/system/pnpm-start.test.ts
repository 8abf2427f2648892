import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { root } from '../../house.mjs'
import { pnpm } from '../../packages.mjs'
import { freePorts } from '../support/free-ports.js'

/** The one of util-linux, which gives a program a terminal. */
const hasScript = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true

test.skipIf(!hasScript)('Ctrl-C in the terminal of pnpm start stops all members, and counts as no failure', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'raft-start-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const ports = await freePorts(6)
  const address = (i: number) => `127.0.0.1:${ports[i]}`
  const members = Object.fromEntries([0, 1, 2].map((i) => [`n${i + 1}`, { peer: address(i), client: address(i + 3) }]))
  // Ports of an earlier start are kept.
  writeFileSync(join(directory, 'cluster.json'), JSON.stringify({ members }))
  const command = pnpm('start', directory).map((word) => `'${word}'`)
  const terminal = spawn('script', ['--quiet', '--return', '--command', command.join(' '), '/dev/null'], { cwd: root })
  onTestFinished(() => void terminal.kill('SIGTERM'))
  let said = ''
  await new Promise<void>((resolve) => {
    terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said.includes('Ctrl-C stops all members')) resolve()
    })
    terminal.once('close', resolve)
  })
  expect(said).toContain(`http://${address(3)}`)
  const closed = once(terminal, 'close')
  terminal.stdin.write('\u0003')
  const [code] = await closed
  expect([0, 130]).toContain(code)
  expect(said).toMatch(/Stopping all members …\s+Stopped\. The data stays in .*: the same command goes on with it\.\s*$/)
  expect(said).not.toMatch(/ELIFECYCLE|turbo|packages in scope/i)
  for (const id of Object.keys(members)) expect(existsSync(join(directory, `${id}.log`))).toBe(true)
  for (const i of [3, 4, 5]) await expect(fetch(`http://${address(i)}/readyz`)).rejects.toThrow()
})
