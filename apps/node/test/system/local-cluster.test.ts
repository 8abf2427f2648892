import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { nextPorts } from '../../src/local/free-ports.js'
import { onePair, temporaryDirectory } from '../cluster.js'
import { until } from './harness.js'

const PROGRAM = fileURLToPath(new URL('../../dist/local-cluster.js', import.meta.url))

/** What `pnpm start` runs, and what it says. */
function start(directory: string) {
  const child = spawn(process.execPath, [PROGRAM, directory], { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { text: '' }
  const note = (chunk: Buffer) => {
    said.text += chunk.toString()
  }
  child.stdout.on('data', note)
  child.stderr.on('data', note)
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { child, said, ended }
}

test('a second start on the same data leaves the cluster that runs alone, and says that it runs', async () => {
  const directory = temporaryDirectory()
  const { peer, client } = await onePair()
  const members = Object.fromEntries(
    (await nextPorts(3, peer, client)).map(({ peer, client }, i) => [
      `n${i + 1}`,
      { peer: `127.0.0.1:${peer}`, client: `127.0.0.1:${client}` },
    ]),
  )
  const config = join(directory, 'cluster.json')
  // Ports of the first start are kept.
  writeFileSync(config, JSON.stringify({ members }))
  const first = start(directory)
  onTestFinished(async () => {
    first.child.kill('SIGTERM')
    await first.ended
  })
  await until('the cluster runs', () => first.said.text.includes('A cluster of 3 members runs'), 60_000)
  const before = readFileSync(config, 'utf8')
  expect(JSON.parse(before).members).toEqual(members)
  const second = start(directory)
  expect(await second.ended).toBe(1)
  expect(second.said.text).toContain(`runs already (http://${members['n1']?.client}, `)
  expect(readFileSync(config, 'utf8')).toBe(before)
  expect((await fetch(`http://${members['n1']?.client}/readyz`)).status).toBe(200)
})
