import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { nextPorts } from '../../src/local/free-ports.js'
import { runningMembers } from '../../src/local/in-use.js'
import { onePair, temporaryDirectory } from '../cluster.js'
import { until } from './harness.js'

const PROGRAM = fileURLToPath(new URL('../../dist/local-cluster.js', import.meta.url))
const IDS = ['n1', 'n2', 'n3']

/** A program whose output is collected. It is killed with the test. */
function run(program: string, args: readonly string[]) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { text: '' }
  const note = (chunk: Buffer) => {
    said.text += chunk.toString()
  }
  child.stdout.on('data', note)
  child.stderr.on('data', note)
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await ended
  })
  return { child, said, ended }
}

/** What `pnpm start` runs, and what it says. */
const start = (directory: string) => run(process.execPath, [PROGRAM, directory])

/** A cluster that runs, on ports of its own. */
async function startCluster() {
  const directory = temporaryDirectory()
  const { peer, client } = await onePair()
  const ports = await nextPorts(IDS.length, peer, client)
  const members = Object.fromEntries(
    ports.map((port, i) => [`n${i + 1}`, { peer: `127.0.0.1:${port.peer}`, client: `127.0.0.1:${port.client}` }]),
  )
  const config = join(directory, 'cluster.json')
  // Ports of the first start are kept.
  writeFileSync(config, JSON.stringify({ members }))
  const cluster = start(directory)
  await running(cluster)
  return { ...cluster, directory, config, members }
}

const running = ({ said }: { said: { text: string } }) =>
  until('the cluster runs', () => said.text.includes('A cluster of 3 members runs'), 60_000)

test('a second start on the same data leaves the cluster that runs alone, and says that it runs', async () => {
  const { directory, config, members } = await startCluster()
  const before = readFileSync(config, 'utf8')
  expect(JSON.parse(before).members).toEqual(members)
  const second = start(directory)
  expect(await second.ended).toBe(1)
  expect(second.said.text).toContain(`runs already (http://${members['n1']?.client}, `)
  expect(readFileSync(config, 'utf8')).toBe(before)
  expect((await fetch(`http://${members['n1']?.client}/readyz`)).status).toBe(200)
})

test('members whose starter is killed stop by themselves, in good order, and the next start goes on with their data', async () => {
  const { directory, child, members } = await startCluster()
  expect((await fetch(`http://${members['n2']?.client}/v1/kv/k`, { method: 'PUT', body: 'kept' })).status).toBe(200)
  child.kill('SIGKILL')
  await until('no member runs', async () => (await runningMembers(directory, IDS)).length === 0)
  const logOf = (id: string) => readFileSync(join(directory, `${id}.log`), 'utf8')
  // A member lets go of its directory before its last connections have ended.
  await until('each has stopped', () => IDS.every((id) => logOf(id).trimEnd().split('\n').at(-1)?.includes('"msg":"stopped"')))
  for (const id of IDS) expect(logOf(id)).toMatch(/"signal":"the parent has ended","msg":"stopping"/)
  await running(start(directory))
  expect(await (await fetch(`http://${members['n1']?.client}/v1/kv/k?raw`)).text()).toBe('kept')
})

test('a member that was killed is brought back by the command that is shown then', async () => {
  const { said, members } = await startCluster()
  const pid = Number(/^ {2}n2 .* process (\d+)/m.exec(said.text)?.[1])
  process.kill(pid, 'SIGKILL')
  const command = () => /^ {2}(node .* start --id n2 .*)$/m.exec(said.text)?.[1]
  await until('the command is shown', () => command() !== undefined)
  expect(said.text).toMatch(/n2 has ended \(killed\)/)
  const again = run('bash', ['-c', `exec ${command()}`])
  await until('n2 is ready', async () => {
    const answer = await fetch(`http://${members['n2']?.client}/readyz`).catch(() => null)
    return answer?.ok === true
  })
  again.child.kill('SIGINT')
  expect(await again.ended).toBe(0)
})
